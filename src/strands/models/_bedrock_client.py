"""The boto3 client behind Bedrock: made once for all event loops, and read in threads."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, require

DEFAULT_BEDROCK_REGION = "us-west-2"
DEFAULT_READ_TIMEOUT = READ_TIMEOUT
_USER_AGENT = "strands-agents"


class ClientArgs(NamedTuple):
    """How a client is made; see `BedrockModel`.

    Attributes:
        session: A boto3 session.
        config: A botocore `Config` that wins over the defaults here.
        region: The AWS region.
        endpoint: Another endpoint.
        api_key: A Bedrock API key, in place of AWS credentials.
        user: The class that needs the client.
    """

    session: Any
    config: Any
    region: str | None
    endpoint: str | None
    api_key: str | None
    user: str


class BedrockClients:
    """The client of one model, which serves every event loop; opened on first use.

    Args:
        args: How it is made.
        given: A client that the user brought: it serves instead, and stays open.
        typed: Returns the typed error for what boto3 raises.
    """

    def __init__(self, args: ClientArgs, given: Any, typed: Callable[[Exception], Exception]) -> None:
        self.given = given
        self._args = args
        self._typed = typed
        self._client: Any = None
        self._lock = threading.Lock()
        if given is None and _is_loaded(args.session):
            self._client = _open(args)

    async def get(self) -> Any:
        """Return the client; it is opened in a thread, because importing boto3 takes a while.

        Raises:
            ModelError: None can be made of what is configured.
        """
        ready = self.given if self.given is not None else self._client
        if ready is not None:
            return ready
        try:
            return await asyncio.to_thread(self.open)
        except Exception as error:
            typed = self._typed(error)
            if typed is error:
                raise
            raise typed from error

    def open(self) -> Any:
        """Return the client."""
        if self.given is not None:
            return self.given
        with self._lock:
            if self._client is None:
                self._client = _open(self._args)
            return self._client

    async def aclose(self) -> None:
        """Close the connections of the client that was opened here."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)


def _open(args: ClientArgs) -> Any:
    boto3 = require("boto3", "", args.user)
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=DEFAULT_READ_TIMEOUT,
        max_pool_connections=50,
    )
    if args.config is not None:
        config = config.merge(args.config)
    agent = getattr(config, "user_agent_extra", None)
    config = config.merge(Config(user_agent_extra=f"{agent} {_USER_AGENT}" if agent else _USER_AGENT))
    if args.api_key:
        config = config.merge(Config(signature_version=UNSIGNED))
    session = args.session or boto3.Session()
    region = args.region or session.region_name or os.environ.get("AWS_REGION") or DEFAULT_BEDROCK_REGION
    client = session.client(
        service_name="bedrock-runtime", region_name=region, endpoint_url=args.endpoint, config=config
    )
    if args.api_key:
        bearer = f"Bearer {args.api_key}"
        client.meta.events.register(
            "before-send.bedrock-runtime.*",
            lambda request, **_: request.headers.__setitem__("Authorization", bearer),
        )
    return client


def _is_loaded(session: Any) -> bool:
    """Whether a client can be made at once: of a session that is given, or of what stands in for boto3's."""
    boto3 = sys.modules.get("boto3")
    if boto3 is None:
        return False
    return session is not None or getattr(boto3.Session, "__module__", None) != "boto3.session"


class Exchange:
    """One request and its reply, read in a thread.

    Args:
        client: The client.
        request: The arguments of its method.
        convert: Makes events of a reply in one piece; None asks for a stream.
    """

    def __init__(self, client: Any, request: Mapping[str, Any], convert: Any) -> None:
        self._client = client
        self._request = request
        self._convert = convert
        self._stream: Any = None

    def read(self) -> Iterator[Mapping[str, Any]]:
        """Send the request and yield the events of its reply."""
        if self._convert is not None:
            yield from self._convert(self._client.converse(**self._request))
            return
        self._stream = self._client.converse_stream(**self._request)["stream"]
        try:
            yield from self._stream
        finally:
            close = getattr(self._stream, "close", None)  # a program's stand-in may stream from a list
            if close is not None:
                close()

    def stop(self) -> None:
        """Make a `read` end that waits for the network."""
        # Closing a socket does not wake up a thread that reads from it; shutting it down does.
        shutdown = getattr(getattr(self._stream, "_raw_stream", None), "shutdown", None)
        if shutdown is None:
            return
        try:
            shutdown()
        except (OSError, RuntimeError, ValueError):
            return
