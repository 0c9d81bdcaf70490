"""Steps without a model whose calls are mended while they wait for a person, or after they were made."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from strands import SessionManager, tool
from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.errors import ChangedSpecError
from strands_cli.session.memory import MemorySessionRepository
from support.cast import hitl, spec
from support.crash import Death, Died, MortalRepository

calls: list[Any] = []


@pytest.fixture(autouse=True)
def fresh() -> None:
    calls.clear()


@tool
def deploy(environment: str, count: int = 1) -> dict[str, Any]:
    """Deploy.

    Args:
        environment: Where.
        count: How many.
    """
    calls.append(environment)
    return {"where": environment}


STAGING = {"tool": "deploy", "args": {"environment": "staging"}}
USES = {"agent": "a", "input": "x"}


def chain(*steps: dict[str, Any]) -> dict[str, Any]:
    return spec("chain", {"steps": list(steps)})


class Mending:
    """Workflows of one session, mended while it rests."""

    def __init__(self, *steps: dict[str, Any]) -> None:
        self.store = MemorySessionRepository()
        self.result = self.workflow(*steps).run()

    def workflow(self, *steps: dict[str, Any]) -> Workflow:
        model = ScriptedModel(["done"] * 9)
        return Workflow.from_dict(chain(*steps), model=model, tools=[deploy], repository=self.store)

    def answered(self, value: str, count: int = 9) -> None:
        session = SessionManager(repository=self.store).get_session(str(self.result.session_id))
        for question in self.result.questions[:count]:
            session.answer(question.id, value)

    def resumed(self, *steps: dict[str, Any], **how: Any) -> Any:
        self.result = self.workflow(*steps).resume(str(self.result.session_id), **how)
        return self.result

    def asked(self) -> list[Any]:
        """The arguments that people are asked about."""
        return [
            json.loads(str(each.context).split("\n\n")[0].split("\nThe tool")[0][7:]) for each in self.result.questions
        ]


def approved(environment: str, **more: Any) -> dict[str, Any]:
    return {"tool": "deploy", "args": {"environment": environment}, "approvals": [{}], **more}


@pytest.mark.parametrize("answer", ["", "approve", "reject"])
def test_a_call_that_was_mended_before_it_was_made_is_asked_about_anew(answer: str) -> None:
    case = Mending(approved("staging"))
    if answer:
        case.answered(answer)
    assert case.resumed(approved("live")).status == "paused" and calls == []
    assert case.asked() == [{"environment": "live"}]
    case.answered("approve")
    result = case.resumed(approved("live"))
    assert result.success and calls == ["live"] and '"where": "live"' in result.last_response


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_while_a_mended_call_takes_the_place_of_another_makes_only_the_mended_one(when: Any) -> None:
    quiet = Death()
    for at in range(20):
        calls.clear()
        case = Mending(approved("staging"))
        case.answered("approve")
        store, death = case.store, Death(at, when) if at else quiet
        if at > quiet.writes:
            break
        case.store = MortalRepository(store, death)  # type: ignore[assignment]
        with suppress(Died):
            case.resumed(approved("live"))
        case.store = store
        assert case.resumed(approved("live")).status == "paused" and case.asked() == [{"environment": "live"}]
        case.answered("approve")
        assert case.resumed(approved("live")).success and calls == ["live"]
    assert quiet.writes == 3


def test_items_of_a_mended_list_are_done_with_what_they_are_now() -> None:
    def each(*items: str) -> dict[str, Any]:
        return {"for_each": list(items), "as": "it", "steps": [approved("{{ it }}")]}

    case = Mending(each("a", "b", "c"))
    case.answered("approve", 2)
    assert case.resumed(each("c", "b")).status == "paused"
    assert case.asked() == [{"environment": "c"}] and calls == ["b"]
    case.answered("approve")
    done = case.resumed(each("c", "b")).execution_context["steps"][0]["items"]
    assert [(each["item"], each["response"]["where"]) for each in done] == [("c", "c"), ("b", "b")]
    assert sorted(calls) == ["b", "c"]


def test_a_call_that_was_made_is_not_taken_for_another() -> None:
    told: set[str] = set()
    at = 0
    while len(told) < 4:
        calls.clear()
        case = Mending(hitl("go?"), STAGING, USES)
        case.answered("yes")
        store, at = case.store, at + 1
        case.store = MortalRepository(store, Death(at, "after"))  # type: ignore[assignment]
        with suppress(Died):
            case.resumed(hitl("go?"), STAGING, USES)
        case.store = store
        try:
            result = case.resumed(hitl("go?"), {**STAGING, "args": {"environment": "live"}}, USES)
        except ChangedSpecError as error:
            assert "environment" in str(error) and calls == ["staging"]
            told.add("its call was made" if "its call was made" in str(error) else "its input was")
        else:
            told.add(result.status)
            doubted = [each.kind for each in result.questions]
            assert calls == ["live"] if result.success else doubted == ["ambiguous_tool"]
    assert told == {"completed", "paused", "its call was made", "its input was"}
