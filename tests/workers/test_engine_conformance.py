"""Engines keep the promises of the public suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from strands_cli.worker.conformance import EngineConformance
from support.engines import MemoryEngine, MemoryQueue
from support.postgres import close_all, fresh_url, needs_postgres
from support.store_engine import QueueInStore


class TestMemoryEngine(EngineConformance):
    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        self.queue = MemoryQueue()

    def make_engine(self) -> MemoryEngine:
        return MemoryEngine(self.queue)


class StoreConformance(EngineConformance):
    """What a store delivers by itself, without an engine."""

    place: str

    def make_engine(self) -> QueueInStore:
        return QueueInStore(self.place)

    def in_another_process(self) -> tuple[str, str, Mapping[str, str]]:
        return "support.store_engine:open_engine", self.place, {}


class TestFiles(StoreConformance):
    @pytest.fixture(autouse=True)
    def fresh(self, tmp_path: Path) -> None:
        self.place = str(tmp_path / "stores")


@pytest.mark.slow
class TestSqlite(StoreConformance):
    @pytest.fixture(autouse=True)
    def fresh(self, tmp_path: Path) -> None:
        self.place = f"sqlite:///{tmp_path}/runs.db"


@needs_postgres
@pytest.mark.slow
class TestPostgres(StoreConformance):
    @pytest.fixture(autouse=True)
    def fresh(self) -> Iterator[None]:
        self.place = fresh_url(lease="2")
        yield
        close_all()
