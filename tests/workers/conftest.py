"""Stores that several machines can share, and workers of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.postgres import close_all, fresh_url, needs_postgres
from support.workers import Fleet

LEASE = 1.0
"""Seconds, on PostgreSQL."""

STORES = ["files", "sqlite", pytest.param("postgres", marks=needs_postgres)]


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    kind = getattr(request, "param", "sqlite")
    if kind == "postgres":
        yield fresh_url(lease=str(LEASE))
        close_all()
        return
    yield {"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}[kind]


@pytest.fixture
def started(url: str, tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    fleets: list[Fleet] = []

    def start(**how: float) -> Fleet:
        fleets.append(Fleet(url, tmp_path, **how))
        return fleets[-1]

    yield start
    for fleet in fleets:
        fleet.end()


@pytest.fixture
def fleet(started: Callable[..., Fleet]) -> Fleet:
    return started()
