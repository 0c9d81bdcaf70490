"""Servers of the `strands serve` command, on stores of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.postgres import close_all, fresh_url
from support.web_server import Server


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    kind = getattr(request, "param", "sqlite")
    if kind == "postgres":
        yield fresh_url(lease="1")
        close_all()
        return
    yield {"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}[kind]


@pytest.fixture
def serve(store: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*arguments: str, **how: object) -> Server:
        servers.append(Server(tmp_path, store, *arguments, **how))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()
