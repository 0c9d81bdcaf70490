"""Who may answer what is asked in a workflow that a step runs: its file says so of its own questions."""

from __future__ import annotations

from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel
from strands_cli.errors import NotEntitledError
from strands_cli.kernel.principal import Principal
from support.cast import Cast, hitl, spec

A = {"agent": "a", "input": "x"}
ANNA, BEN, EVE = (Principal(f"user:os:{name}", name, auth="login") for name in ("anna", "ben", "eve"))


@tool
def pay() -> str:
    """Pay."""
    return "paid"


def cast(steps: list[dict[str, Any]], inner: dict[str, Any], **more: Any) -> Cast:
    outer = spec("chain", {"steps": steps}, workflows={"review": inner}, **more)
    return Cast(outer, {"a": lambda prompt: f"<{prompt}>"}, tools=[pay])


@pytest.mark.parametrize("kind", ["step", "call"])
def test_who_answered_within_it_is_excluded_within_it(kind: str) -> None:
    """A workflow names its own steps, wherever it is run; those around it that are called alike are not meant."""
    ask = {"exclude": ["steps/0"]}
    second: dict[str, Any] = {**hitl("Second?"), "ask": ask}
    if kind == "call":
        second = {"tool": "pay", "approvals": [{"ask": ask}]}
    inner = spec("chain", {"steps": [hitl("First?"), second]}, "a")
    play = cast([hitl("Begin?"), {"workflow": "review"}], inner)
    session = str(play.run().session_id)
    manager, by = SessionManager(repository=play.repository), {0: EVE, 1: ANNA}
    for number in range(2):
        (question,) = manager.get_session(session).questions
        manager.get_session(session).answer(question.id, "yes", by=by[number])
        play.workflow.resume(session)
    (question,) = manager.get_session(session).questions
    answer = "yes" if kind == "step" else "approve"
    with pytest.raises(NotEntitledError, match="who answered 'steps/1/workflow/steps/0' may not"):
        manager.get_session(session).answer(question.id, answer, by=ANNA)
    manager.get_session(session).answer(question.id, answer, by=EVE if kind == "step" else BEN)
    assert play.workflow.resume(session).success


def test_each_file_says_of_its_own_questions_who_may_answer_when_something_was_mended() -> None:
    inner = spec("chain", {"steps": [{"tool": "pay"}]}, "a")
    inner["approvals"] = [{"tools": "pay", "ask": {"users": ["user:os:ben"]}}]
    rules = [{"tools": "pay", "ask": {"users": ["user:os:anna"]}}]
    play = cast([{"workflow": "review"}, A], inner, approvals=rules)
    session = str(play.run().session_id)
    data = spec(
        "chain", {"steps": [{"workflow": "review"}, {**A, "input": "y"}]}, workflows={"review": inner}, approvals=rules
    )
    flow = Workflow.from_dict(data, model=ScriptedModel("fine"), tools=[pay], repository=play.repository)
    people = SessionManager(repository=play.repository)
    assert flow.resume(session).status == "paused"
    questions = people.get_session(session).questions
    assert sorted((question.ask or {})["users"] for question in questions) == [[ANNA.id], [BEN.id]]
    for question in questions:
        who, other = (ANNA, BEN) if (question.ask or {})["users"] == [ANNA.id] else (BEN, ANNA)
        with pytest.raises(NotEntitledError):
            people.answer(session, question.id, "approve", by=other)
        people.answer(session, question.id, "approve", by=who)
    assert flow.resume(session).success
