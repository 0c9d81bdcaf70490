"""How a worker stands, for a process manager: over HTTP on this machine, in a file, and to systemd."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from strands_cli.errors import InputError

HUNG_SECONDS = 10.0
"""An event loop that has not turned for so long hangs: its leases lapse, and its process is to be started anew."""

_BEAT_SECONDS = 0.5

Said = Callable[[], Mapping[str, Any]]


class LoopWatch:
    """Whether an event loop turns; asked from any thread.

    Args:
        hung: Seconds after which one that has not turned hangs.
    """

    def __init__(self, hung: float = HUNG_SECONDS) -> None:
        self._hung = hung
        self._turned = time.monotonic()

    def turns(self) -> bool:
        """Whether it has turned lately."""
        return time.monotonic() - self._turned < self._hung

    async def beat(self, *, said: Said, file: str | None = None) -> None:
        """Note that the loop turns, until this is cancelled, and say so.

        Args:
            said: Returns what the worker says of itself.
            file: Is written each time: who finds it older than `HUNG_SECONDS` starts the worker anew.
        """
        notify("READY=1")
        try:
            while True:
                self._turned = time.monotonic()
                notify("WATCHDOG=1")
                if file is not None:
                    _write(file, said())
                await asyncio.sleep(_BEAT_SECONDS)
        finally:
            notify("STOPPING=1")
            if file is not None:
                Path(file).unlink(missing_ok=True)


class HealthServer:
    """Answers `GET /` on the loopback interface from a thread of its own, also while the event loop hangs.

    200 while the loop turns, else 503; the body is what the worker says of itself, as JSON.

    Args:
        port: The port; 0 for any.
        watch: Knows whether the loop turns.
        said: Returns what the worker says of itself.

    Raises:
        InputError: The port is taken.
    """

    def __init__(self, port: int, watch: LoopWatch, said: Said) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                turns = watch.turns()
                body = json.dumps({"healthy": turns, **said()}).encode() + b"\n"
                self.send_response(200 if turns else 503)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                return

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise InputError(
                f"--health-port {port} cannot be used: {error.strerror}", hint="Choose another."
            ) from error
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="strands-health", daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()


def notify(state: str) -> None:
    """Tell systemd, where it started this process and asked to be told."""
    place = os.environ.get("NOTIFY_SOCKET")
    if not place:
        return
    address = f"\0{place[1:]}" if place.startswith("@") else place
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto(state.encode(), address)
    except OSError:
        return


def _write(file: str, said: Mapping[str, Any]) -> None:
    beside = f"{file}.tmp"
    try:
        Path(beside).write_text(json.dumps(said) + "\n", encoding="utf-8")
        os.replace(beside, file)
    except OSError as error:
        raise InputError(
            f"--health-file {file} cannot be written: {error.strerror}", hint="Name a file in a directory of yours."
        ) from error
