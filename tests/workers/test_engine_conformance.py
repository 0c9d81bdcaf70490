"""Engines keep the promises of the public suite."""

from __future__ import annotations

import pytest

from strands_cli.worker.conformance import EngineConformance
from support.engines import MemoryEngine, MemoryQueue


class TestMemoryEngine(EngineConformance):
    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        self.queue = MemoryQueue()

    def make_engine(self) -> MemoryEngine:
        return MemoryEngine(self.queue)
