"""A Temporal of this machine's own: its development server, started once a process."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / ".services"


def program() -> str:
    """Return the path of Temporal's command; "" where it is not installed."""
    return shutil.which("temporal", path=f"{SERVICES / 'bin'}:{os.environ.get('PATH', '')}") or ""


def reason() -> str:
    """Return why nothing can be tried with Temporal here; "" if it can."""
    try:
        import temporalio
    except ImportError:
        return "temporalio is not installed: pip install 'strands-cli[temporal]'"
    del temporalio
    return "" if program() else "Temporal's development server is not installed: make services"


needs_temporal = pytest.mark.skipif(bool(reason()), reason=reason() or "-")


class Server:
    """A development server that runs until this process ends, however it does.

    Attributes:
        address: Where it listens.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="strands-temporal-"))
        self._port = free_port()
        self.address: str = f"127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        serve = (
            f"{program()} server start-dev --headless --ip 127.0.0.1 --port {self._port} --http-port {free_port()} "
            f"--metrics-port {free_port()} --log-level never --db-filename {self.directory}/temporal.db"
        )
        self._keeper = subprocess.Popen(
            ["sh", "-c", f"{serve} < /dev/null > {self.directory}/log 2>&1 & cat > /dev/null; kill -9 $!; wait"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        asyncio.run(self._answers())

    async def _answers(self) -> None:
        from temporalio.client import Client

        until = time.monotonic() + 60
        while True:
            try:
                client = await Client.connect(self.address)
                async for _ in client.list_workflows(page_size=1):
                    break
                return
            except Exception:
                assert time.monotonic() < until, (self.directory / "log").read_text()
                await asyncio.sleep(0.1)

    def stop(self) -> None:
        """Kill it; what it kept is there when it starts again."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()

    def pause(self) -> None:
        """Have it neither answer nor close what is open, as a network that is gone does."""
        os.killpg(self._keeper.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it answer again."""
        os.killpg(self._keeper.pid, signal.SIGCONT)

    def end(self) -> None:
        """Stop it and leave nothing."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


@cache
def server() -> Server:
    """Return the server of this process."""
    started = Server()
    atexit.register(started.end)
    return started
