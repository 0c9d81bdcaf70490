"""Temporal delivers: the public suite of engines on its development server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping

import pytest

from strands_cli.worker.conformance import Deliveries, EngineConformance
from strands_cli.worker.engine import DriveOutcome, Engine, EngineNotReadyError, Wake, open_engine
from support.temporal import needs_temporal, server

temporalio = pytest.importorskip("temporalio.client", reason="it is not installed: pip install 'strands-cli[temporal]'")


def options() -> dict[str, str]:
    """Return the options of a queue of one's own."""
    return {"address": server().address, "task_queue": f"q{uuid.uuid4().hex[:8]}", "heartbeat": "2", "unfit": "1"}


@needs_temporal
@pytest.mark.slow
class TestTemporal(EngineConformance):
    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        self.options = options()

    def make_engine(self) -> Engine:
        return open_engine("temporal", "runs", self.options)

    def in_another_process(self) -> tuple[str, str, Mapping[str, str]]:
        return "strands_cli.worker.temporal:open_engine", "runs", self.options

    def restart(self) -> None:
        server().stop()
        server().start()


@needs_temporal
def test_a_wake_is_driven_until_it_comes_to_something_and_the_server_learns_no_content() -> None:
    secret, queue = "what the session holds", options()

    async def come(_: Wake, before: int) -> DriveOutcome:
        if before == 0:
            raise OSError(secret)
        return "completed"

    async def check() -> None:
        deliveries, wake = Deliveries(come), Wake("tenant/a", f"s-{uuid.uuid4().hex}", "12")
        engine = open_engine("temporal", "runs", queue)
        worker = asyncio.create_task(engine.work(deliveries, slots=2, alive_as="worker"))
        await engine.submit(wake)
        client = await temporalio.Client.connect(server().address)
        assert await client.get_workflow_handle(wake.key).result() == "completed"
        worker.cancel()
        await asyncio.wait([worker])
        assert deliveries.begun == [wake] * 2
        history = (await client.get_workflow_handle(wake.key).fetch_history()).to_json()
        assert "OSError" in history and secret not in history

    asyncio.run(check())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"slots": "3"}, "no option 'slots'"),
        ({"heartbeat": "often"}, "option 'heartbeat' of the engine 'temporal' is 'often'"),
        ({"task_queue": ""}, "option 'task_queue'"),
    ],
)
def test_what_it_cannot_work_with_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(EngineNotReadyError) as caught:
        open_engine("temporal", "runs", given)
    assert said in str(caught.value)


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    engine = open_engine("temporal", "runs")
    with pytest.raises(EngineNotReadyError, match=r"Temporal cannot be reached: 127\.0\.0\.1:1") as caught:
        asyncio.run(engine.submit(Wake("", "s1", "4")))
    assert "TEMPORAL_ADDRESS" in caught.value.hint
    assert "tonic" not in str(caught.value), "what the system said is enough"
