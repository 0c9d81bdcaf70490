"""Who may approve a call: by the rule that covers it, whoever asks about it, and by the rule as it is now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import InvalidAnswerError, NotEntitledError
from strands_cli.kernel.principal import Principal
from strands_cli.loader import load_dict
from support.crash import Died
from support.specs import solo

ANNA = Principal("user:os:anna", "anna", frozenset({"ops"}), "login")
BEN = Principal("user:os:ben", "ben", frozenset({"ops"}), "login")
CARL = Principal("user:os:carl", "carl", auth="login")
RULE = {"tools": ["delete"], "options": ["approve", "edit", "reject"], "ask": {"roles": ["ops"]}}


class Case:
    """An agent that may delete, its session, and what it deleted."""

    def __init__(self, store: Path, rule: dict[str, Any], hooks: Any = ()) -> None:
        self.deleted: list[str] = []
        self.store = store
        self.hooks = hooks
        self.model = ScriptedModel([ToolCall("delete", {"path": "a"}, "t1"), "done"])
        self.spec = solo(1, {"approvals": [rule]})
        self.id = str(self.workflow(self.spec).run().session_id)

    def workflow(self, spec: dict[str, Any]) -> Workflow:
        @tool
        def delete(path: str) -> str:
            """Delete a file."""
            self.deleted.append(path)
            return "deleted"

        return Workflow.from_dict(spec, model=self.model, tools=[delete], hooks=self.hooks, store=self.store)

    @property
    def question(self) -> Any:
        [found] = SessionManager(self.store).get_session(self.id).questions
        return found

    def answer(self, value: Any, by: Principal) -> None:
        SessionManager(self.store).answer(self.id, self.question.id, value, by=by)

    def resume(self, spec: dict[str, Any] | None = None, **how: Any) -> Any:
        return self.workflow(spec or self.spec).resume(self.id, **how)

    def format(self) -> int:
        entries = asyncio.run(SessionManager(self.store).get_session(self.id).entries_async())
        return int(entries[0].data["format"])


def test_an_approval_is_for_who_its_rule_says_and_its_session_is_closed_to_older_versions(tmp_path: Path) -> None:
    case = Case(tmp_path, RULE)
    assert case.question.ask == {"roles": ["ops"]} and case.question.who == "role ops" and case.format() == 2
    with pytest.raises(NotEntitledError, match="role ops"):
        case.answer("approve", CARL)
    case.answer("approve", ANNA)
    assert case.resume().success and case.deleted == ["a"]


def test_whoever_changes_a_call_approves_it_and_says_into_what(tmp_path: Path) -> None:
    case = Case(tmp_path, {**RULE, "quorum": {"approve": 2}})
    with pytest.raises(InvalidAnswerError, match="takes 2 persons"):
        case.answer("edit", ANNA)
    case.answer('edit: {"path": "b"}', ANNA)
    case.answer('edit: {"path": "c"}', BEN)
    assert case.resume().status == "paused"
    case.answer('edit: {"path": "b"}', BEN)
    assert case.resume().success and case.deleted == ["b"]


def test_what_a_hook_asks_about_a_call_is_for_who_may_approve_it(tmp_path: Path) -> None:
    def hook(event: BeforeToolCallEvent) -> None:
        if event.interrupt("sure", "Really?") != "yes":
            event.cancel_tool = "no"

    case = Case(tmp_path, {**RULE, "quorum": {"approve": 2}}, [hook])
    assert case.question.kind == "interrupt" and case.question.ask == {"roles": ["ops"]}
    with pytest.raises(NotEntitledError):
        case.answer("yes", CARL)
    case.answer("yes", ANNA)
    assert case.resume().status == "paused" and case.question.kind == "approval" and case.deleted == []


def test_a_right_that_was_taken_away_before_the_call_ran_lets_nothing_run(tmp_path: Path) -> None:
    case = Case(tmp_path, {key: value for key, value in RULE.items() if key != "ask"})
    case.answer("approve", CARL)
    mended = solo(1, {"approvals": [RULE]})
    assert case.resume(mended).status == "paused" and case.deleted == []
    assert "may not" in case.question.prompt
    case.answer("approve", ANNA)
    assert case.resume(mended).success and case.deleted == ["a"]


def test_an_open_question_is_for_who_the_mended_spec_says(tmp_path: Path) -> None:
    case = Case(tmp_path, {**RULE, "ask": {"users": ["carl"]}})
    mended = load_dict(solo(1, {"approvals": [RULE]}), tools=["delete"])
    session = SessionManager(tmp_path).get_session(case.id)
    with pytest.raises(NotEntitledError, match="role ops"):
        session.resume("approve", by=CARL, spec=mended, user=case.workflow(case.spec))
    assert case.resume(mended.to_dict()).status == "paused"
    with pytest.raises(NotEntitledError, match="role ops"):
        case.answer("approve", CARL)
    case.answer("approve", ANNA)
    assert case.resume(mended.to_dict()).success


CALL = {"tool": "delete", "args": {"path": "a"}}
PLACES = {
    "the agent": lambda rule: solo(1, {"approvals": [rule]}),
    "the file": lambda rule: solo(1, approvals=[rule]),
    "the step": lambda rule: stepped({**CALL, "approvals": [rule]}),
    "the file, of a step": lambda rule: {**stepped(CALL), "approvals": [rule]},
    "a step of a list": lambda rule: stepped({"for_each": ["x"], "steps": [{**CALL, "approvals": [rule]}]}),
}


def stepped(step: dict[str, Any]) -> dict[str, Any]:
    found = solo(1)
    found["pattern"]["config"]["steps"] = [step]
    return found


class Placed(Case):
    """A case whose rule stands somewhere else."""

    def __init__(self, place: str, store: Path, rule: dict[str, Any], hooks: Any = ()) -> None:
        self.deleted, self.store, self.hooks = [], store, hooks
        self.model = ScriptedModel([ToolCall("delete", {"path": "a"}, "t1"), "done"])
        self.spec = PLACES[place](rule)
        self.id = str(self.workflow(self.spec).run().session_id)


@pytest.mark.parametrize("place", PLACES)
def test_a_hook_asks_who_may_approve_wherever_the_rule_stands(place: str, tmp_path: Path) -> None:
    def hook(event: BeforeToolCallEvent) -> None:
        if event.interrupt("sure", "Really?") != "yes":
            event.cancel_tool = "no"

    case = Placed(place, tmp_path, RULE, [hook])
    with pytest.raises(NotEntitledError):
        case.answer("yes", CARL)
    case.answer("yes", ANNA)
    assert case.resume().status == "paused" and case.question.kind == "approval" and case.deleted == []


@pytest.mark.parametrize("place", PLACES)
def test_a_call_that_may_have_happened_is_asked_of_who_may_approve_it(place: str, tmp_path: Path) -> None:
    class Dying(list[str]):
        def append(self, path: str) -> None:
            raise Died

    case = Placed(place, tmp_path, RULE)
    case.answer("approve", ANNA)
    case.deleted = Dying()
    with pytest.raises(Died):
        case.resume()
    assert case.resume().status == "paused" and case.question.kind == "ambiguous_tool"
    with pytest.raises(NotEntitledError):
        case.answer(case.question.choices[0], CARL)


@pytest.mark.parametrize("place", PLACES)
def test_mending_something_else_leaves_a_question_with_whom_it_is(place: str, tmp_path: Path) -> None:
    case = Placed(place, tmp_path, RULE)
    mended = {**case.spec, "description": "told better"}
    assert case.resume(mended).status == "paused"
    assert case.question.ask == {"roles": ["ops"]}
    with pytest.raises(NotEntitledError, match="role ops"):
        case.answer("reject", CARL)
    handed_on = PLACES[place]({**RULE, "ask": {"users": ["carl"]}})
    assert case.resume(handed_on).status == "paused"
    case.answer('edit: {"path": "b"}', CARL)
    assert case.resume(handed_on).success and case.deleted == ["b"]


def test_a_rule_of_the_file_does_not_take_away_what_a_step_offers(tmp_path: Path) -> None:
    spec = {**PLACES["the step"](RULE), "approvals": [{"tools": ["*"]}]}
    case = Placed("the step", tmp_path, RULE)
    assert case.resume(spec).status == "paused"
    case.answer('edit: {"path": "b"}', ANNA)
    assert case.resume(spec).success and case.deleted == ["b"]


def test_a_rule_that_names_a_server_counts_where_it_is_not_known_whose_tool_it_is() -> None:
    from strands_cli.approvals import rule_of
    from strands_cli.spec.agents import Approval

    rule = Approval.model_validate({"tools": ["files/*", "!files/list"], "ask": {"roles": ["ops"]}})
    assert rule_of([rule], "worker", "delete", {}) is rule
    other = Approval.model_validate({"tools": ["files/read"]})
    assert rule_of([other], "worker", "delete", {}) is None
