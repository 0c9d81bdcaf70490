"""Deadlines: a question that nobody answers in time is closed, once; reading a session never writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api.session_manager import SessionManager
from strands_cli.errors import AlreadyAnsweredError, AnswerError, ExecutionError, QuestionExpiredError
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.driving import Echo, VirtualClock, driven, session, spec


def gate(**hitl: Any) -> dict[str, Any]:
    steps = [{"type": "hitl", "prompt": "Go on?", "timeout_seconds": 60, **hitl}, {"agent": "a", "input": "done"}]
    return spec("chain", {"steps": steps})


@pytest.fixture(params=["memory", "files"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MemorySessionRepository() if request.param == "memory" else FileSessionRepository(tmp_path)


@pytest.mark.parametrize(("hitl", "kind"), [({}, "expired"), ({"default": "no"}, "answered")])
def test_a_late_answer_closes_the_question_and_is_told_so(hitl: dict[str, Any], kind: str, repository: Any) -> None:
    async def main() -> None:
        journal, clock = await session(repository), VirtualClock()
        await driven(journal, gate(**hitl), Echo(), clock=clock)
        late = clock.time + 60
        assert State(await journal.load()).status == "paused"
        error = AlreadyAnsweredError if hitl else AnswerError
        for _ in range(2):
            with pytest.raises(error, match="nobody answered in time"):
                await answers.give(journal, "steps/0", "yes", by="ann", now=late)
        entries = await journal.load()
        assert [entry.kind for entry in entries if entry.key == "steps/0"] == ["asked", kind]
        state = State(entries)
        assert state.status == "answered" and not state.open_questions()
        clock.time = late
        rest = await driven(journal, gate(**hitl), Echo(), clock=clock)
        assert rest.status == ("completed" if hitl else "failed")
        assert hitl or isinstance(rest.error, QuestionExpiredError)

    asyncio.run(main())


def test_of_answers_given_together_none_is_taken_when_one_is_late() -> None:
    branches = [
        {"id": "x", "steps": [{"type": "hitl", "prompt": "x?"}]},
        {"id": "y", "steps": [{"type": "hitl", "prompt": "y?", "timeout_seconds": 60}]},
    ]

    async def main() -> None:
        journal, clock = await session(), VirtualClock()
        await driven(journal, spec("parallel", {"branches": branches}), Echo(), clock=clock)
        given = {"branches/x/steps/0": "yes", "branches/y/steps/0": "yes"}
        with pytest.raises(AnswerError, match="branches/y/steps/0"):
            await answers.give_all(journal, given, by="ann", now=clock.time + 61)
        state = State(await journal.load())
        assert not state.answered and list(state.expired) == ["branches/y/steps/0"]

    asyncio.run(main())


@pytest.mark.parametrize("hitl", [{}, {"default": "no"}])
def test_an_answer_and_the_deadline_at_one_moment_have_one_outcome(hitl: dict[str, Any], repository: Any) -> None:
    async def main() -> None:
        for late in (False, True):
            journal, clock = await session(repository), VirtualClock()
            await driven(journal, gate(**hitl), Echo(), clock=clock)
            clock.time += 60
            at = clock.time if late else clock.time - 0.001
            handles = [await repository.open(journal.session_id) for _ in range(3)]

            async def answered(
                handle: Any, value: str, at: float = at, taken: Callable[..., Any] = answers.give
            ) -> bool:
                try:
                    await taken(handle, "steps/0", value, by=value, now=at)
                    return True
                except AnswerError:
                    return False

            drive = driven(await repository.open(journal.session_id), gate(**hitl), Echo(), clock=clock)
            given = asyncio.gather(*(answered(handle, f"w{n}") for n, handle in enumerate(handles)))
            rest, won = await asyncio.gather(drive, given)
            entries = await journal.load()
            closing = [entry for entry in entries if entry.key == "steps/0" and entry.kind in ("answered", "expired")]
            assert len(closing) == 1
            assert sum(won) == int(closing[0].data["by"] != "timeout")
            assert rest.status == ("failed" if closing[0].kind == "expired" else "completed")

    asyncio.run(main())


def test_reading_writes_nothing_and_offers_nothing_that_is_past_its_deadline(tmp_path: Path) -> None:
    config = gate(timeout_seconds=0.05)
    workflow = Workflow.from_dict(config, repository=FileSessionRepository(tmp_path), model=ScriptedModel(["x"]))
    paused = workflow.run()
    journal = tmp_path / f"session_{paused.session_id}" / "journal.jsonl"
    manager = SessionManager(tmp_path)
    before = journal.read_bytes()
    while manager.get_session(paused.session_id or "").status == "paused":
        pass
    [found] = manager.list_sessions(status="answered")
    assert not found.questions and found.history[0].text is None
    assert journal.read_bytes() == before
    with pytest.raises(ExecutionError, match="nobody answered 'steps/0' in time"):
        workflow.resume(found.id)
    assert manager.get_session(found.id).status == "failed"


@pytest.mark.parametrize("approval", [{"timeout_seconds": 0.05}, {"timeout_seconds": 0.05, "default": "reject"}])
@pytest.mark.parametrize("when", ["at once", "later"])
def test_an_approval_that_nobody_gives_in_time_is_a_denial_and_not_a_persons(
    approval: dict[str, Any], when: str, tmp_path: Path
) -> None:
    ran: list[str] = []
    told: list[str] = []

    @tool
    def wipe(path: str) -> str:
        """Wipe."""
        ran.append(path)
        return "wiped"

    def model(messages: Any) -> Any:
        block = messages[-1]["content"][0]
        if "toolResult" not in block:
            return ToolCall("wipe", {"path": "/"})
        told.append(block["toolResult"]["content"][0]["text"])
        return "I see."

    config = spec("chain", {"steps": [{"agent": "a", "input": "Tidy up."}]})
    config["agents"]["a"]["approvals"] = [{"tools": ["wipe"], **approval}]

    def workflow() -> Workflow:
        store = FileSessionRepository(tmp_path)
        return Workflow.from_dict(config, repository=store, model=ScriptedModel(model), tools=[wipe])

    async def nobody(state: Any) -> str:
        await asyncio.sleep(30)
        return "approve"

    if when == "at once":
        result = workflow().run_interactive(hitl_handler=nobody)
    else:
        result = workflow().run()
        while SessionManager(tmp_path).get_session(result.session_id or "").questions:
            pass
        if result.status == "paused":  # on a slow disk the deadline passes before it can rest
            result = workflow().resume(result.session_id or "")
    assert result.success and not ran
    assert told == ["Nobody answered in time whether this call may be made; it was not made."]


def test_whoever_comes_late_is_told_so_and_the_way_on_that_the_error_names_works(tmp_path: Path) -> None:
    config = gate(timeout_seconds=0.05)
    workflow = Workflow.from_dict(config, repository=FileSessionRepository(tmp_path), model=ScriptedModel(["x"]))
    paused = workflow.run()
    manager = SessionManager(tmp_path)
    while (late := manager.get_session(paused.session_id or "")).status == "paused":
        pass
    with pytest.raises(AnswerError, match="the deadline of 'steps/0' passed"):
        late.resume(hitl_response="yes")
    with pytest.raises(QuestionExpiredError) as caught:
        workflow.resume(late.id)
    assert caught.value.hint.endswith(f"strands sessions fork {late.id} --at steps/0")
    first, again = late.history[0], late.fork("steps/0").history[0]
    assert again.kind == "hitl" and again.error is None and (again.started_at or 0) > (first.started_at or 0)
