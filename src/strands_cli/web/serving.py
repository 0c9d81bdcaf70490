"""A server as a process: the socket it listens on, what it prints, and what signals do to it."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable
from types import FrameType
from urllib.parse import quote

import uvicorn

from strands_cli.errors import OK, USAGE, StrandsError
from strands_cli.inbox.inbox import Inbox
from strands_cli.web.app import create_app
from strands_cli.web.driving import Driving
from strands_cli.web.events import Streams
from strands_cli.web.settings import ServerSettings

_BACKLOG = 2048


class ListenError(StrandsError):
    """The address cannot be listened on."""

    exit_code = USAGE


class Listening:
    """A socket that is listened on while the block runs.

    Args:
        host: The address.
        port: The port; 0 for any that is free.
        uds: The path of a Unix socket, instead.

    Raises:
        ListenError: It is taken, or not this machine's.
    """

    def __init__(self, host: str, port: int, uds: str | None) -> None:
        self._uds = uds
        self.socket: socket.socket = _unix(uds) if uds is not None else _tcp(host, port)
        self.origin: str = ""
        if uds is None:
            name = f"[{host}]" if ":" in host else host
            self.origin = f"http://{name}:{self.socket.getsockname()[1]}"

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()
        if self._uds is not None and os.path.exists(self._uds):
            os.unlink(self._uds)


class _Server(uvicorn.Server):
    """Ends what goes on for ever when it is told to end, so that the rest can come to its end."""

    def __init__(self, config: uvicorn.Config, driving: Driving, streams: Streams) -> None:
        super().__init__(config)
        self._driving = driving
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:  # told a second time
            os._exit(128 + sig)
        self._driving.drain()
        self.should_exit = True


def serve(inbox: Inbox, settings: ServerSettings, listening: Listening, *, say: Callable[[str], None]) -> int:
    """Serve until a signal ends it: streams end, what is at work goes on to its next rest or is given back.

    Args:
        inbox: What is served.
        settings: How.
        listening: Where.
        say: Prints a line.

    Returns:
        The exit code.
    """
    app = create_app(inbox, settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=int(settings.grace) + 1,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config, app.state.driving, app.state.streams)
    say(f"Serving {settings.origin}")
    if settings.is_rehearsal:
        say("This is a rehearsal: no model is called, and only tools marked read_only run.")
    if settings.login_token:
        say(f"Sign in: {settings.origin}/login?token={quote(settings.login_token)}")
    server.run(sockets=[listening.socket])
    inbox.data.close()
    return OK


def _tcp(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ListenError(f"{host!r} is no address: {error.strerror}", hint="Give --host ADDRESS.") from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            hint = "Another server is there: stop it, or choose another with --port; 0 takes any that is free."
            raise ListenError(f"port {port} of {host} is taken", hint=hint) from error
        raise ListenError(f"{host} port {port}: {error.strerror}", hint="Choose another.") from error
    return made


def _unix(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode) and not _answers(path):
            os.unlink(path)
        before = os.umask(0o117)  # its group, the proxy, may connect; others may not
        try:
            made.bind(path)
        finally:
            os.umask(before)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise ListenError(f"the socket {path!r}: {error.strerror}", hint="Choose another path with --uds.") from error
    return made


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(path)
        except OSError:
            return False
    return True
