"""What can stand among a router's candidates, and how a choice that fails ends."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent
from strands.models import ScriptedModel
from strands.models.routing import ModelRouter, RoutingCandidate, RoutingStrategy
from strands.types.exceptions import ModelThrottledException


class Choosing(RoutingStrategy):
    """Chooses as it is told: candidates by number, an error, or None."""

    def __init__(self, *choices: Any) -> None:
        self.choices = list(choices)

    async def select(self, context: Any, **kwargs: Any) -> Any:
        choice = self.choices.pop(0)
        if isinstance(choice, Exception):
            raise choice
        return context.candidates[choice] if isinstance(choice, int) else choice


def failing() -> ScriptedModel:
    return ScriptedModel([ModelThrottledException("busy")])


def agent_of(strategy: RoutingStrategy, *candidates: Any, **settings: Any) -> Agent:
    router = ModelRouter(list(candidates), strategy=strategy, **settings)
    return Agent(model=router, callback_handler=None, retry_strategy=None)


def test_another_model_answers_when_one_fails() -> None:
    assert str(agent_of(Choosing(0, 1), failing(), ScriptedModel(["second"]))("go")) == "second\n"


@pytest.mark.parametrize("then", [None, 0, LookupError("no choice")])
def test_where_no_other_is_chosen_the_failure_stands(then: Any) -> None:
    with pytest.raises(ModelThrottledException, match="busy"):
        agent_of(Choosing(0, then), failing(), ScriptedModel(["second"]))("go")


def test_a_choice_that_is_no_candidate_is_refused() -> None:
    other = RoutingCandidate(ScriptedModel(["other"]))
    with pytest.raises(ValueError, match="not one of the candidates it was given"):
        agent_of(Choosing(other), ScriptedModel(["first"]), ScriptedModel(["second"]))("go")


def test_a_strategy_that_chooses_nothing_has_the_first() -> None:
    assert str(agent_of(Choosing(None), ScriptedModel(["first"]), ScriptedModel(["second"]))("go")) == "first\n"


@pytest.mark.parametrize("metadata", [["large"], {3: "large"}])
def test_metadata_has_names(metadata: Any) -> None:
    with pytest.raises(TypeError, match="must be a mapping with text keys"):
        RoutingCandidate(ScriptedModel([]), "a", metadata=metadata)


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_metadata_is_json(value: Any) -> None:
    with pytest.raises(ValueError, match="the metadata of candidate 'a' must be JSON"):
        RoutingCandidate(ScriptedModel([]), "a", metadata={"x": value})


def test_what_is_no_model_is_no_candidate() -> None:
    with pytest.raises(TypeError, match="is not a model to choose"):
        ModelRouter(["gpt"], strategy=Choosing())  # type: ignore[list-item]
