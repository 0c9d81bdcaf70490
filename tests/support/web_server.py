"""`strands serve` as a real process, and browsers and programs that talk to it over real sockets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import console
from support.postgres import needs_postgres

APP = "support.web_app:workflows"
STORES = ["files", "sqlite", pytest.param("postgres", marks=needs_postgres)]
_READY = 60.0


def environment(home: Path, store: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a server, and of commands beside it."""
    tests = str(Path(__file__).parents[1])
    src = str(Path(__file__).parents[2] / "src")
    path = os.pathsep.join([tests, src])
    own = {"NO_COLOR": "1", "STRANDS_STORE": store, "PYTHONPATH": path, "CALLS": str(home / "calls")}
    return console.environment(home, {**own, **(more or {})})


class Server:
    """A server that has begun to serve.

    Args:
        home: The user's home directory.
        store: Where sessions are kept.
        arguments: Further arguments of `strands serve`.
        targets: What it serves.
        env: Further variables of the environment.

    Attributes:
        url: Where it is.
        sign_in: The address that it prints to sign in; "" for none.
    """

    def __init__(
        self,
        home: Path,
        store: str,
        *arguments: str,
        targets: tuple[str, ...] = (APP,),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.env = environment(home, store, env)
        port = () if any(each in ("--port", "--uds") for each in arguments) else ("--port", "0")
        self.output = home / f"server-{time.monotonic_ns()}.log"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "strands_cli", "serve", *targets, *port, *arguments],
                env=self.env,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        self.url, self.sign_in = "", ""
        self._port = arguments[arguments.index("--port") + 1] if "--port" in arguments else "0"
        self.clients: list[httpx.Client] = []
        self._await("--uds" not in arguments)

    def _await(self, over_tcp: bool) -> None:
        until = time.monotonic() + _READY
        while time.monotonic() < until:
            said = self.output.read_text()
            found = re.search(r"^Serving (\S+)$", said, re.MULTILINE)
            if self.process.poll() is not None:
                raise AssertionError(f"the server has ended: {said}")
            if found:
                self.url = found[1]
                address = re.search(r"^Sign in: (\S+)$", said, re.MULTILINE)
                self.sign_in = address[1] if address else ""
                if not over_tcp or self._answers():
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server does not answer: {self.output.read_text()}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.listening}/livez", headers=self.host, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def listening(self) -> str:
        """Where it listens, which is not where people reach it when it has an origin of its own."""
        return self.url if self.url.startswith("http://127.0.0.1") else f"http://127.0.0.1:{self._port}"

    @property
    def host(self) -> dict[str, str]:
        """The name that it goes by, for who reaches it where it listens."""
        return {"Host": self.url.partition("://")[2]}

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text()

    def browser(self, **options: Any) -> httpx.Client:
        """Return a client that has signed in by the printed address."""
        client = self.client(**options)
        client.headers.update({"Origin": self.url, "Sec-Fetch-Site": "same-origin"})
        assert client.get(self.sign_in).status_code == 303
        return client

    def program(self, *arguments: str, person: str = "anna") -> httpx.Client:
        """Return a client with an API token for a person; arguments are those of `strands token create`."""
        made = self.command("token", "create", "--for", person, *arguments)
        assert made.returncode == 0, made.stderr
        token = next(word for word in made.stdout.split() if word.startswith("strands_"))
        return self.client(headers={"Authorization": f"Bearer {token}"})

    def client(self, **options: Any) -> httpx.Client:
        """Return a client that nobody knows; it is closed with the server."""
        self.clients.append(httpx.Client(base_url=self.url, timeout=30, **options))
        return self.clients[-1]

    def close(self) -> None:
        """Close the clients, and end the server as a power loss would if it is there."""
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.kill()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this user beside it."""
        return subprocess.run(
            [sys.executable, "-m", "strands_cli", *arguments],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def kill(self) -> None:
        """End it as a power loss would."""
        self.process.kill()
        self.process.wait(30)

    def end(self) -> int:
        """Tell it to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def until(check: Any, *, seconds: float = 30.0) -> Any:
    """Return what `check` returns, once that is something."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > end:
            assert found, "it never came to that"
            return found
        time.sleep(0.05)
