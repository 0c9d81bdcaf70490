"""Commands that listen over HTTP for other programs: where, who is let in, and until when."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import click

from strands_cli.cli.errors import Terminated, say

_LEAST = 16  # characters of a token
_STOP_SECONDS = 5


@dataclass(frozen=True)
class Address:
    """Where a command listens."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Whether this machine alone reaches it."""
        with suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"

    def url(self, port: int) -> str:
        """Return its URL, with the port that it has in the end."""
        return f"http://[{self.host}]:{port}" if ":" in self.host else f"http://{self.host}:{port}"


def address_of(text: str, option: str) -> Address:
    """Return the address that `HOST:PORT` or `PORT` stands for.

    Raises:
        UsageError: It is none.
    """
    host, colon, port = text.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() else -1
    if not 0 <= number < 65536 or (colon and not host):
        raise click.UsageError(f"{option} {text!r} is not HOST:PORT, as 127.0.0.1:8766")
    return Address(host.strip("[]") or "127.0.0.1", number)


def token_for(address: Address, variable: str, origin: str | None) -> tuple[str, bool]:
    """Return the token that clients send, and whether it was made here and has to be told.

    Args:
        address: Where is listened; other machines are let in with a token of one's own and an origin alone.
        variable: The environment variable that may hold the token.
        origin: The https address under which other machines reach it.

    Raises:
        UsageError: Other machines would be let in without it, or the token is too short.
    """
    given = os.environ.get(variable, "").strip()
    if given and len(given) < _LEAST:
        raise click.UsageError(f"{variable} has {len(given)} characters; a token has {_LEAST} or more")
    if not address.is_local and not (given and origin and origin.startswith("https://")):
        raise click.UsageError(
            f"{address.host} lets other machines in: set {variable} to a secret, and name with --origin the https "
            "address under which they reach it; or listen on 127.0.0.1"
        )
    return (given, False) if given else (secrets.token_urlsafe(32), True)


def serve(app: Any, address: Address, ready: Callable[[str], None]) -> None:
    """Serve an ASGI application until a signal ends it.

    Args:
        ready: Told the URL when it listens.

    Raises:
        ClickException: The address cannot be listened on.
    """
    import asyncio

    import uvicorn

    class Telling(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(address.url(self.servers[0].sockets[0].getsockname()[1]))

    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    with suppress(KeyboardInterrupt, Terminated):
        try:
            asyncio.run(Telling(config).serve())
        except SystemExit:
            raise click.ClickException(f"{address.host}:{address.port} cannot be listened on") from None
    say("Stopped.")
