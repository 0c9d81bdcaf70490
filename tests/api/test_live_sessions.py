"""Sessions for user interfaces: every call returns at once, and the session outlives the object."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.api.live import LiveSession
from strands_cli.errors import (
    AlreadyAnsweredError,
    InputError,
    InvalidAnswerError,
    ProviderNotReadyError,
    SessionFinishedError,
)
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.sweeper import Sweeper
from strands_cli.session.repository import FileSessionRepository

SPEC: dict[str, Any] = {
    "version": 0,
    "name": "live",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "You are a."}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"agent": "a", "input": "one {{ topic }}"},
                {"type": "hitl", "prompt": "Go on?", "choices": ["yes", "no"]},
                {"agent": "a", "input": "two {{ hitl_response }}"},
            ]
        },
    },
}


def workflow(root: Path, model: ScriptedModel | None = None) -> Workflow:
    scripted = model or ScriptedModel(lambda messages: f"<{messages[-1]['content'][0]['text']}>")
    return Workflow.from_dict(SPEC, model=scripted, repository=FileSessionRepository(root))


def until(session: LiveSession, status: str) -> Any:
    deadline = time.monotonic() + 20
    while (snapshot := session.poll()).status != status:
        assert time.monotonic() < deadline, snapshot
        time.sleep(0.01)
    return snapshot


def test_start_poll_answer_and_finish(tmp_path: Path) -> None:
    session = workflow(tmp_path).create_session(topic="bees")
    assert session.poll().status == "starting"
    session.start().start()
    snapshot = until(session, "paused")
    assert [question.id for question in snapshot.questions] == ["steps/1"]
    with pytest.raises(InvalidAnswerError):
        session.answer("steps/1", "perhaps")
    session.answer("steps/1", "yes", by="ann")
    snapshot = until(session, "completed")
    assert snapshot.response == "<two yes>"
    assert [item.kind for item in snapshot.history] == ["agent", "hitl", "agent"]
    with pytest.raises(AlreadyAnsweredError, match=f"ann.*\n.*strands resume {session.id}"):
        session.answer("steps/1", "no")
    with pytest.raises(SessionFinishedError):
        session.cancel()


def test_another_process_takes_the_session_up_again(tmp_path: Path) -> None:
    first = workflow(tmp_path).create_session(topic="bees")
    first.start().wait(20)
    again = workflow(tmp_path).create_session(session_id=first.id)
    assert again.poll().status == "paused"
    again.answer("steps/1", "no")
    assert until(again, "completed").response == "<two no>"


def test_a_cancelled_session_stays_cancelled(tmp_path: Path) -> None:
    session = workflow(tmp_path).create_session(topic="bees")
    session.start().wait(20)
    session.cancel()
    assert session.start().wait(20).status == "cancelled"


def test_what_went_wrong_is_told(tmp_path: Path) -> None:
    session = workflow(tmp_path).create_session().start()
    assert "'topic' is missing" in str(until(session, "failed").error)
    failing = workflow(tmp_path, ScriptedModel([ValueError("no such model")])).create_session(topic="x").start()
    assert "no such model" in str(until(failing, "failed").error)


# -- in coroutines, as web handlers are -----------------------------------------------------------------------------


def test_a_web_handler_starts_and_another_answers_and_the_loop_is_free_meanwhile(tmp_path: Path) -> None:
    def slow(messages: list[Any]) -> str:
        time.sleep(0.05)  # a model that holds up the loop it is called in
        return "done"

    async def main() -> tuple[Any, int]:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.ensure_future(others())
        begun = await workflow(tmp_path, ScriptedModel(slow)).create_session(topic="bees").start_async()
        assert (await begun.wait_async(20)).status == "paused"
        other = workflow(tmp_path, ScriptedModel(slow)).create_session(session_id=begun.id)
        before = turns
        await other.answer_async("steps/1", "yes")
        snapshot = await other.wait_async(20)
        beside.cancel()
        return snapshot, turns - before

    snapshot, turns = asyncio.run(main())
    assert (snapshot.status, snapshot.response) == ("completed", "done")
    assert turns > 10, "who else is served was held up"


def test_what_is_wrong_is_raised_before_anything_is_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    async def main() -> None:
        with pytest.raises(InputError, match="'topic' is missing"):
            await workflow(tmp_path).create_session().start_async()
        with pytest.raises(ProviderNotReadyError):
            lacking = {**SPEC, "runtime": {"provider": "anthropic", "model_id": "m"}}
            await Workflow.from_dict(lacking, store=tmp_path).create_session(topic="x").start_async()

    asyncio.run(main())
    assert SessionManager(tmp_path).list_sessions() == []


def test_it_is_on_record_once_it_was_started_so_that_any_process_finds_it(tmp_path: Path) -> None:
    async def main() -> str:
        return (await workflow(tmp_path).create_session(topic="bees").start_async()).id

    session_id = asyncio.run(main())
    assert SessionManager(tmp_path).get_session(session_id).workflow_name == "live"


def test_it_is_left_to_a_worker_and_nothing_runs_here(tmp_path: Path) -> None:
    def never(messages: list[Any]) -> str:
        raise AssertionError("it ran in the process of the handler")

    async def main() -> None:
        handler = workflow(tmp_path, ScriptedModel(never))
        live = await handler.create_session(topic="bees", by_worker=True).start_async()
        assert (await live.poll_async()).status == "queued"
        worker = Sweeper(FileSessionRepository(tmp_path), Apps([workflow(tmp_path)]), drive=1)
        await worker.once()
        again = handler.create_session(session_id=live.id, by_worker=True)
        assert (await again.poll_async()).status == "paused"
        await again.answer_async("steps/1", "yes")
        assert (await again.poll_async()).status == "answered"
        await worker.once()
        assert (await again.poll_async()).response == "<two yes>"

    asyncio.run(main())


def test_a_process_that_ends_leaves_what_runs_to_be_gone_on_with(tmp_path: Path) -> None:
    program = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_live_sessions import *
def slow(messages):
    print("at work", flush=True)
    time.sleep(0.2)
    return "first"
live = workflow(Path({str(tmp_path)!r}), ScriptedModel(slow)).create_session(session_id="s", topic="x").start()
while live.poll().status == "starting":
    time.sleep(0.01)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    left = SessionManager(tmp_path).get_session("s")
    assert left.status in ("interrupted", "paused")
    assert workflow(tmp_path).resume("s").status == "paused"
