"""A spec mended to allow less: what was asked before takes no answer that the spec does not offer any more."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import ChangedSpecError, InvalidAnswerError
from strands_cli.session import answers
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import HITLState, RunResult

ALL = {"tools": ["pay"], "options": ["approve", "edit", "reject"]}
LESS = {"tools": ["pay"], "options": ["reject"]}
STEP = {"agent": "clerk", "input": "pay"}
PATTERNS: dict[str, Any] = {
    "chain": {"steps": [STEP]},
    "workflow": {"tasks": [{"id": "t", **STEP}]},
    "parallel": {"branches": [{"id": "b", "steps": [STEP]}, {"id": "c", "steps": [{"agent": "other", "input": "x"}]}]},
    "graph": {"nodes": {"n": STEP}, "edges": []},
}
CONFIGS = {**PATTERNS, "gated": {"steps": [STEP, {"type": "hitl", "prompt": "More?"}, STEP]}}


class Office:
    """An agent that makes payments, and those that it made."""

    def __init__(self, pattern: str = "chain", payments: int = 1) -> None:
        self.paid: list[int] = []
        self.repository = MemorySessionRepository()
        self._pattern, self._payments = pattern, payments
        self._type = "chain" if pattern == "gated" else pattern

    def workflow(self, *rules: dict[str, Any]) -> Workflow:
        paid = self.paid

        @tool
        def pay(amount: int) -> str:
            """Pay."""
            paid.append(amount)
            return "paid"

        def reply(messages: Any) -> Any:
            number = len(messages) // 2
            done = number % (self._payments + 1) == self._payments or messages[0]["content"][0]["text"] == "x"
            return "done" if done else ToolCall("pay", {"amount": number}, f"t{number}")

        spec = {
            "version": 0,
            "name": "office",
            "runtime": {"provider": "scripted"},
            "agents": {"clerk": {"prompt": "You pay.", "approvals": list(rules)}, "other": {"prompt": "You wait."}},
            "pattern": {"type": self._type, "config": CONFIGS[self._pattern]},
        }
        return Workflow.from_dict(spec, model=ScriptedModel(reply), tools=[pay], repository=self.repository)

    def session(self, result: RunResult) -> Any:
        return SessionManager(repository=self.repository).get_session(str(result.session_id))


def the(result: RunResult) -> str:
    """Return the id of the only open question."""
    assert result.status == "paused", result.error_message
    [question] = result.questions
    return question.id


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("answer", ["approve", 'edit: {"amount": 5}', {"decision": "approve"}])
def test_an_answer_that_is_not_offered_any_more_is_refused(pattern: str, answer: Any) -> None:
    office = Office(pattern)
    result = office.workflow(ALL).run()
    with pytest.raises(InvalidAnswerError, match=r"not an answer .* any more") as refused:
        office.workflow(LESS).resume(str(result.session_id), answers={the(result): answer})
    assert "reject" in refused.value.hint
    assert [each.id for each in office.session(result).questions] == [the(result)]
    assert office.workflow(LESS).resume(str(result.session_id), answers={the(result): "reject: no"}).success
    assert office.paid == []


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("answer", ["approve", 'edit: {"amount": 5}'])
def test_one_that_was_given_before_the_spec_was_mended_is_asked_for_again(pattern: str, answer: str) -> None:
    office = Office(pattern)
    result = office.workflow(ALL).run()
    office.session(result).answer(the(result), answer)
    again = office.workflow(LESS).resume(str(result.session_id))
    assert again.questions[0].choices == ("reject",)
    assert "no longer an option" in again.questions[0].prompt
    assert office.paid == []
    assert office.workflow(LESS).resume(str(result.session_id), answers={the(again): "reject"}).success
    assert office.paid == []


def test_who_is_asked_while_it_runs_is_asked_again() -> None:
    office, seen = Office(), []
    result = office.workflow(ALL).run()

    def answer(state: HITLState) -> str:
        seen.append(state.choices)
        return "approve" if "approve" in (state.choices or ()) else "reject"

    assert office.workflow(LESS).resume(str(result.session_id), hitl_handler=answer).success
    assert seen == [("approve", "edit", "reject"), ("reject",)]
    assert office.paid == []


def test_the_spec_on_record_decides_where_none_is_given() -> None:
    office = Office()
    result = office.workflow(ALL).run()
    office.workflow(LESS).resume(str(result.session_id))  # takes the mended spec up, and pauses again
    with pytest.raises(InvalidAnswerError, match="any more"):
        office.session(result).answer(the(result), "approve")
    office.workflow(ALL).resume(str(result.session_id))
    office.session(result).answer(the(result), "approve")
    assert office.workflow(ALL).resume(str(result.session_id)).success
    assert office.paid == [0]


@pytest.mark.parametrize(("reach", "asks"), [("session", False), ("exact", True), ("never", True)])
def test_an_approval_reaches_no_further_than_the_spec_lets_it_now(reach: str, asks: bool) -> None:
    office = Office(payments=2)
    result = office.workflow({**ALL, "remember": "session"}).run()
    later = office.workflow({**ALL, "remember": reach})
    result = later.resume(str(result.session_id), answers={the(result): "approve"})
    assert (result.status == "paused", office.paid) == (asks, [0] if asks else [0, 1])


def test_an_approval_that_is_remembered_is_none_where_it_is_no_option_any_more() -> None:
    office = Office("gated")
    result = office.workflow({**ALL, "remember": "session"}).run()
    result = office.workflow({**ALL, "remember": "session"}).resume(str(result.session_id), "approve")
    assert result.questions[0].prompt == "More?"
    result = office.workflow({**LESS, "remember": "session"}).resume(str(result.session_id), "yes")
    assert result.questions[0].choices == ("reject",)
    assert office.paid == [0]


@pytest.mark.parametrize(("after", "asks"), [(30.0, False), (90.0, True)])
def test_an_answer_that_came_later_than_the_spec_lets_it_now_is_asked_for_again(after: float, asks: bool) -> None:
    office = Office()
    result = office.workflow(ALL).run()

    async def give() -> None:
        journal = await office.repository.open(str(result.session_id))
        await answers.give(journal, the(result), "approve", by="ann", now=time.time() + after)

    asyncio.run(give())
    again = office.workflow({**ALL, "timeout_seconds": 60}).resume(str(result.session_id))
    assert (again.status == "paused", office.paid) == (asks, [] if asks else [0])
    if asks:
        assert "later than the 60 seconds" in again.questions[0].prompt
        assert office.workflow({**ALL, "timeout_seconds": 60}).resume(str(result.session_id), "approve").success
        assert office.paid == [0]


GATE = {"type": "hitl", "prompt": "Go on?", "choices": ["yes", "no"], "default": "no", "timeout_seconds": 3600}


@pytest.mark.parametrize("changed", [{"choices": ["no"]}, {"default": "yes"}, {"prompt": "Stop?"}])
def test_a_gate_that_asks_otherwise_by_now_takes_no_answer(changed: dict[str, Any]) -> None:
    repository = MemorySessionRepository()

    def workflow(**more: Any) -> Workflow:
        spec = {
            "version": 0,
            "name": "gate",
            "runtime": {"provider": "scripted"},
            "agents": {"a": {"prompt": "You work."}},
            "pattern": {"type": "chain", "config": {"steps": [{**GATE, **more}, {"agent": "a", "input": "go"}]}},
        }
        return Workflow.from_dict(spec, model=ScriptedModel(lambda messages: "done"), repository=repository)

    result = workflow().run()
    with pytest.raises(ChangedSpecError, match="is open as"):
        workflow(**changed).resume(str(result.session_id), answers={the(result): "yes"})
    [question] = SessionManager(repository=repository).get_session(str(result.session_id)).questions
    assert question.id == the(result)
    assert workflow().resume(str(result.session_id), answers={the(result): "yes"}).success
