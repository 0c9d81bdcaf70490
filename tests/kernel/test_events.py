"""What listeners are told: every answer, what failed and where, and that a run was cancelled, also within a call."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api.session_manager import SessionManager
from strands_cli.errors import ExecutionError
from strands_cli.kernel.events import Event
from strands_cli.session.repository import FileSessionRepository
from support.cast import hitl, spec
from support.pattern_stories import ANSWERS, STORIES, VARIABLES
from support.pattern_stories import model as cast_model

TWO = spec(
    "parallel",
    {
        "branches": [
            {"id": "x", "steps": [hitl("x?"), {"agent": "a", "input": "x"}]},
            {"id": "y", "steps": [hitl("y?", timeout_seconds=0.2), {"agent": "b", "input": "y"}]},
        ]
    },
)


def workflow(config: Any, root: Path, model: Any = lambda messages: "ok", **options: Any) -> Workflow:
    scripted = model if isinstance(model, ScriptedModel) else ScriptedModel(model)
    return Workflow.from_dict(config, repository=FileSessionRepository(root), model=scripted, **options)


def heard(flow: Workflow, event_type: str = "*") -> list[Event]:
    events: list[Event] = []
    flow.on(event_type, events.append)
    return events


def test_an_answer_from_before_a_drive_is_told_when_it_begins(tmp_path: Path) -> None:
    paused = workflow(TWO, tmp_path).run()
    session = SessionManager(tmp_path).get_session(paused.session_id or "")
    session.answer("branches/x/steps/0", "yes", by="ann")
    while SessionManager(tmp_path).get_session(session.id).questions:
        pass
    flow = workflow(TWO, tmp_path)
    events = heard(flow)
    with pytest.raises(ExecutionError, match=r"branches/y/steps/0.*in time"):
        flow.resume(session.id)
    answered = [(event.step_id, event.response, event.by) for event in events if event.type == "hitl_answered"]
    assert answered == [("branches/x/steps/0", "yes", "ann"), ("branches/y/steps/0", None, "timeout")]
    assert [event.type for event in events[:2]] == ["workflow_resumed", "hitl_answered"]
    again = workflow(TWO, tmp_path)
    events = heard(again, "hitl_answered")
    with pytest.raises(ExecutionError):
        again.resume(session.id)
    assert not events, "each is told once"


@pytest.mark.parametrize("pattern", STORIES)
def test_each_answer_is_one_event_whoever_gave_it(pattern: str, tmp_path: Path) -> None:
    flow = workflow(STORIES[pattern], tmp_path, cast_model([]))
    events = heard(flow)
    result = flow.run(**VARIABLES[pattern])
    while result.status == "paused":
        answers = {each.id: ANSWERS[pattern].get(each.id, "approved") for each in result.questions}
        result = flow.resume(result.session_id or "", answers=answers)
    assert result.success
    asked = [event.step_id for event in events if event.type == "hitl_requested"]
    assert asked and sorted(event.step_id for event in events if event.type == "hitl_answered") == sorted(asked)


def test_a_failure_names_its_step_and_what_failed_beside_it(tmp_path: Path) -> None:
    def model(messages: Any) -> str:
        text = messages[-1]["content"][0]["text"]
        if text == "fine":
            return "ok"
        raise ValueError(f"no {text}")

    branches = [
        {"id": name, "steps": [{"agent": "a", "input": "fine"}, {"agent": "a", "input": name}]} for name in "xyz"
    ]
    branches.append({"id": "q", "steps": [{"agent": "a", "input": "fine"}]})
    flow = workflow(spec("parallel", {"branches": branches}), tmp_path, model)
    events = heard(flow, "error")
    with pytest.raises(ExecutionError) as caught:
        flow.run()
    for name in "xyz":
        assert f"step 'branches/{name}/steps/1'" in caught.value.message and f"no {name}" in caught.value.message
    scopes = [(event.scope, event.step_id) for event in events]
    assert sorted(scopes[:3]) == [("step", f"branches/{name}/steps/1") for name in "xyz"]
    assert scopes[3:] == [("run", "")] and events[-1].step == "branches/x/steps/1"
    result = caught.value.result
    assert result is not None
    done = {name: len(branch["steps"]) for name, branch in result.execution_context["branches"].items()}
    assert done == dict.fromkeys("xyzq", 1)
    session = SessionManager(tmp_path).get_session(result.session_id or "")
    assert session.error == caught.value.message
    failed = {item.key: item.error for item in session.history if item.error}
    assert failed == {f"branches/{name}/steps/1": f"no {name}" for name in "xyz"}


@pytest.mark.parametrize("pattern", STORIES)
def test_what_is_done_of_a_paused_run_is_in_its_context(pattern: str, tmp_path: Path) -> None:
    """The part that a pause shows is a part of the whole, in the same form."""
    flow = workflow(STORIES[pattern], tmp_path, cast_model([]))
    result = flow.run(**VARIABLES[pattern])
    parts = []
    while result.status == "paused":
        parts.append(result.execution_context)
        answers = {each.id: ANSWERS[pattern].get(each.id, "approved") for each in result.questions}
        result = flow.resume(result.session_id or "", answers=answers)
    assert parts and any(parts[-1].values())
    for part in parts:
        assert_part(part, result.execution_context)


def assert_part(part: Any, whole: Any) -> None:
    """A number may have grown and a name still be open; what is there of a finished step is as in the whole."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name in whole:
                assert_part(value, whole[name])
            else:
                assert name in ("feedback", "draft"), name
    elif isinstance(part, list):
        for one, other in zip(part, whole, strict=False):
            assert_part(one, other)
    else:
        assert type(part) is type(whole) or whole is None


@pytest.mark.parametrize("pattern", ["chain", "parallel"])
def test_a_cancel_is_noticed_in_the_middle_of_a_model_call(pattern: str, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def model(messages: Any) -> str:
        begun.set()
        await asyncio.sleep(60)
        return "too late"

    steps = [{"agent": "a", "input": "x"}]
    branches = [{"id": name, "steps": steps} for name in "xy"]
    config = spec(pattern, {"steps": steps} if pattern == "chain" else {"branches": branches})

    async def main() -> None:
        flow = workflow(config, tmp_path, model)
        events = heard(flow)
        running = asyncio.ensure_future(flow.run_async())
        await begun.wait()
        [session] = await SessionManager(tmp_path).list_sessions_async()
        assert session.status == "running"
        await session.cancel_async(by="boss")
        result = await asyncio.wait_for(running, 30)
        assert result.status == "cancelled" and not result.success
        assert [(event.type, event.by) for event in events[-1:]] == [("workflow_cancelled", "boss")]
        assert len(asyncio.all_tasks()) == 1, "nothing is left behind"

    asyncio.run(main())


def test_a_tool_at_work_ends_on_record_when_its_run_is_cancelled(tmp_path: Path) -> None:
    begun = asyncio.Event()
    ran: list[str] = []

    @tool
    async def transfer(amount: int) -> str:
        """Transfer."""
        begun.set()
        await asyncio.sleep(0.6)
        ran.append("transferred")
        return "transferred"

    def model(messages: Any) -> Any:
        return ToolCall("transfer", {"amount": 1})

    async def main() -> None:
        config = spec("chain", {"steps": [{"agent": "a", "input": "x"}]})
        flow = workflow(config, tmp_path, model, tools=[transfer])
        running = asyncio.ensure_future(flow.run_async())
        await begun.wait()
        [session] = await SessionManager(tmp_path).list_sessions_async()
        await session.cancel_async()
        assert (await asyncio.wait_for(running, 30)).status == "cancelled"
        assert ran == ["transferred"]
        await session.refresh_async()
        kinds = [entry.kind for entry in await session.entries_async()]
        assert kinds.index("cancelled") < len(kinds) - 1 and kinds[-1] == "done"

    asyncio.run(main())


def test_a_session_that_rests_is_cancelled_with_an_event(tmp_path: Path) -> None:
    flow = workflow(TWO, tmp_path)
    events = heard(flow, "workflow_cancelled")
    live = flow.create_session().start()
    assert live.wait(30).status in ("paused", "answered")
    live.cancel()
    assert [event.session_id for event in events] == [live.id]


def test_a_session_that_was_just_started_never_looks_crashed(tmp_path: Path) -> None:
    steps = [{"agent": "a", "input": "x"}, hitl("Go on?"), {"agent": "a", "input": "y"}]
    gated, seen = spec("chain", {"steps": steps}), set()
    for _ in range(10):
        live = workflow(gated, tmp_path).create_session().start()
        until = time.monotonic() + 30
        while (status := live.poll().status) != "paused" and time.monotonic() < until:
            seen.add(status)
        live.answer("steps/1", "yes")
        while (status := live.poll().status) != "completed" and time.monotonic() < until:
            seen.add(status)
    assert seen <= {"starting", "running"}, seen
