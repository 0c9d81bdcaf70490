"""Workers as processes that an engine delivers to: they die, and every session comes to its end."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from strands_cli.session.repository import store_at
from strands_cli.worker.engine import open_engine, queue_by
from support.postgres import needs_postgres, server
from support.workers import Fleet

dbos = pytest.importorskip("dbos", reason="dbos is not installed: pip install 'strands-cli[dbos]'")
pytestmark = [needs_postgres, pytest.mark.slow, pytest.mark.filterwarnings("default")]

ENGINE = ("--engine", "dbos", "--engine-option", "queue=fleet", "--engine-option", "poll=0.1")


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
@pytest.mark.parametrize("by_answer", [False, True], ids=["by the relay", "by the answer's transaction"])
def test_dbos_delivers_to_workers_that_die(started: Callable[..., Fleet], url: str, by_answer: bool) -> None:
    dbos.DBOS.migrate(server())
    fleet = started()
    if by_answer:
        fleet.store = store_at(url)
        queue_by(fleet.store, open_engine("dbos", url, {"queue": "fleet"}))
    ids = fleet.submit("asking", 12)
    first, second = fleet.start(*ENGINE, "--slots", "4"), fleet.start(*ENGINE, "--slots", "4")
    first.until("driving")
    first.kill(signal.SIGKILL)
    fleet.until(fleet.completed(ids), 90)
    assert fleet.repeated(ids) == []
    second.kill(signal.SIGTERM)
    assert second.wait() == 0
