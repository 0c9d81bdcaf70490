"""The engine that the documentation shows is one: it passes the public suite."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from strands_cli.worker.conformance import EngineConformance
from support.page import blocks
from support.postgres import needs_postgres, server

pytest.importorskip("pgqueuer", reason="pgqueuer is not installed: pip install pgqueuer")
pytestmark = [needs_postgres, pytest.mark.filterwarnings("default")]
PAGE = Path(__file__).parents[2] / "docs" / "engines.md"


@pytest.fixture(scope="module", autouse=True)
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    directory = tmp_path_factory.mktemp("engine")
    code = next(each.text for each in blocks(PAGE.read_text()) if each.title == "pgqueuer_engine.py")
    (directory / "pgqueuer_engine.py").write_text(code)
    sys.path.insert(0, str(directory))
    yield import_module("pgqueuer_engine")
    sys.path.remove(str(directory))


@cache
def installed() -> str:
    """Return the URL of a database in which PgQueuer has its tables."""
    engine = import_module("pgqueuer_engine").PgQueuerEngine(server(), {})

    async def install() -> None:
        async with engine._queries() as queries:
            await queries.install()

    asyncio.run(install())
    return server()


@pytest.mark.slow
class TestPgQueuer(EngineConformance):
    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        installed()
        self.options = {"queue": f"q{uuid.uuid4().hex[:8]}", "heartbeat": "2"}

    def make_engine(self) -> Any:
        return import_module("pgqueuer_engine").PgQueuerEngine(installed(), self.options)

    def in_another_process(self) -> tuple[str, str, Mapping[str, str]]:
        return "pgqueuer_engine:PgQueuerEngine", installed(), self.options


def test_a_wake_is_driven_once() -> None:
    suite = TestPgQueuer()
    installed()
    suite.options = {"queue": f"q{uuid.uuid4().hex[:8]}"}
    suite.test_a_token_is_queued_once()
