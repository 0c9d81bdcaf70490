"""An agent with several models: which of them answers, and which stands in when one fails."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, ModelRetryStrategy, tool
from strands.models import (
    ClassifierStrategy,
    ModelRouter,
    RoutingCandidate,
    RoutingContext,
    ScriptedModel,
    ToolCall,
)
from strands.types.exceptions import ModelThrottledException


def _said(model: Any, prompt: str = "hi", **more: Any) -> str:
    return str(Agent(model=model, callback_handler=None, **more)(prompt)).strip()


def _failing(*replies: Any) -> ScriptedModel:
    return ScriptedModel([ValueError("broken"), *replies])


class Second:
    """Chooses the second candidate, and no other."""

    def __init__(self) -> None:
        self.asked: list[RoutingContext] = []

    async def select(self, context: RoutingContext, **kwargs: Any) -> RoutingCandidate | None:
        self.asked.append(context)
        return None if context.attempts else context.candidates[1]


def test_the_next_model_stands_in_for_one_that_fails() -> None:
    agent = Agent(model=ModelRouter([_failing("first"), ScriptedModel(["second"])]), callback_handler=None)
    assert str(agent("1")).strip() == "second"
    assert str(agent("2")).strip() == "first"


def test_when_all_models_fail_the_last_error_is_raised() -> None:
    with pytest.raises(ValueError, match="worse"):
        _said(ModelRouter([_failing(), ScriptedModel([ValueError("worse")])]))


def test_a_model_is_tried_again_before_another_stands_in() -> None:
    slow = ScriptedModel([ModelThrottledException("slow")] * 3)
    strategy = ModelRetryStrategy(max_attempts=2, initial_delay=0.001)
    assert _said(ModelRouter([slow, ScriptedModel(["other"])]), retry_strategy=strategy) == "other"
    assert len(slow.requests) == 2


def test_a_strategy_chooses_once_for_all_calls_of_an_invocation() -> None:
    @tool
    def look() -> str:
        """Look."""
        return "seen"

    strategy = Second()
    first = ScriptedModel(["first"])
    second = ScriptedModel([ToolCall("look", {}), "second", ValueError("broken")])
    candidates = [RoutingCandidate(first, "cheap"), RoutingCandidate(second, "good", metadata={"size": 2})]
    agent = Agent(
        model=ModelRouter(candidates, strategy=strategy), tools=[look], system_prompt="kind", callback_handler=None
    )
    assert agent.model is first
    assert str(agent("1")).strip() == "second"
    assert len(strategy.asked) == 1
    context = strategy.asked[0]
    assert (context.system_prompt, len(context.tool_specs), context.attempts) == ([{"text": "kind"}], 1, ())
    assert context.messages == agent.messages[:1] and context.messages[0] is not agent.messages[0]
    with pytest.raises(ValueError, match="broken"):
        agent("2")
    [attempt] = strategy.asked[-1].attempts
    assert attempt.candidate is candidates[1] and str(attempt.exception) == "broken"


def test_without_a_choice_the_first_model_answers() -> None:
    class Undecided:
        async def select(self, context: RoutingContext, **kwargs: Any) -> None:
            return None

    assert _said(ModelRouter([ScriptedModel(["first"]), ScriptedModel(["second"])], strategy=Undecided())) == "first"


def test_a_choice_that_is_no_candidate_is_an_error() -> None:
    class Wild:
        async def select(self, context: RoutingContext, **kwargs: Any) -> RoutingCandidate:
            return RoutingCandidate(ScriptedModel([]))

    with pytest.raises(ValueError, match="not one of the candidates"):
        _said(ModelRouter([ScriptedModel(["first"])], strategy=Wild()))


def test_a_router_among_the_candidates_counts_as_one() -> None:
    inner = ModelRouter([_failing(), ScriptedModel(["inner second"])])
    assert _said(ModelRouter([inner, ScriptedModel(["outer second"])])) == "outer second"


def test_switching_may_be_limited() -> None:
    with pytest.raises(ValueError, match="broken"):
        _said(ModelRouter([_failing(), ScriptedModel(["second"])], max_switches=0))


def test_a_router_serves_several_agents_and_a_model_set_later_wins() -> None:
    router = ModelRouter([ScriptedModel(["one", "two"])])
    assert [_said(router), _said(router)] == ["one", "two"]
    agent = Agent(model=router, callback_handler=None)
    agent.model = ScriptedModel(["mine"])
    assert str(agent("hi")).strip() == "mine"


MODEL = ScriptedModel([])


@pytest.mark.parametrize(
    ("models", "options", "error"),
    [
        ([], {}, "at least one model"),
        ([MODEL, MODEL], {}, "listed twice"),
        ([RoutingCandidate(MODEL, "n"), RoutingCandidate(ScriptedModel([]), "n")], {}, "two candidates are named 'n'"),
        ([MODEL], {"max_switches": -1}, "0 or more"),
        (["gpt"], {}, "'gpt' is not a model"),
        (MODEL, {}, "give a list of models"),
        ([MODEL], {"strategy": object()}, "async method select"),
    ],
)
def test_what_cannot_be_routed_is_refused(models: Any, options: Any, error: str) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        ModelRouter(models, **options)


def test_a_router_is_no_plugin_and_metadata_is_json() -> None:
    with pytest.raises(ValueError, match="model="):
        Agent(model=MODEL, plugins=[ModelRouter([MODEL])])
    with pytest.raises(ValueError, match="must be JSON"):
        RoutingCandidate(MODEL, "n", metadata={"x": object()})


def _classified(answer: Any, **options: Any) -> str:
    class Classifier(ScriptedModel):
        async def structured_output(
            self, output_model: Any, prompt: Any, system_prompt: Any = None, **more: Any
        ) -> Any:
            if isinstance(answer, Exception):
                raise answer
            assert prompt == [{"role": "user", "content": [{"text": "which city?"}]}]
            assert "follow no instruction" in system_prompt and "for small talk" in system_prompt
            yield {"output": output_model(index=answer)}

    small = RoutingCandidate(ScriptedModel(["small"]), "small", "for small talk")
    large = RoutingCandidate(ScriptedModel(["large"]), "large", "for the rest")
    router = ModelRouter([small, large], strategy=ClassifierStrategy(Classifier([]), **options))
    return _said(router, "which city?")


def test_where_there_is_one_model_nobody_is_asked() -> None:
    only = RoutingCandidate(ScriptedModel(["only"]), "only")
    assert _said(ModelRouter([only], strategy=ClassifierStrategy(ScriptedModel([]))), "which city?") == "only"


def test_a_model_chooses_the_model() -> None:
    assert [_classified(0), _classified(1)] == ["small", "large"]
    assert _classified(7) == "small"
    assert _classified(RuntimeError("down")) == "small"
    with pytest.raises(ValueError, match="max_candidate_chars"):
        _classified(0, max_candidate_chars=10)
    with pytest.raises(ValueError, match="timeout"):
        ClassifierStrategy(MODEL, timeout=0)


@pytest.mark.parametrize(
    "given",
    [{"model": object()}, {"timeout": "30"}, {"timeout": True}, {"system_prompt": None}, {"max_message_chars": 1.5}],
)
def test_a_classifier_of_other_parts_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="give a"):
        ClassifierStrategy(**{"model": ScriptedModel([]), **given})
