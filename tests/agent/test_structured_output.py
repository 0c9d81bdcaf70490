"""Structured output: a pydantic model that the answer must produce."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, tool
from strands.models import Model, ScriptedModel, ToolCall
from strands.types.events import TypedEvent
from strands.types.exceptions import StructuredOutputException
from support.agents import results_of


class Person(BaseModel):
    """A person."""

    name: str
    age: int


ADA = ToolCall("Person", {"name": "Ada", "age": 36})


@tool
def search(query: str) -> str:
    """Search."""
    return "Ada is 36."


def make(*script: object, **options: object) -> Agent:
    return Agent(model=ScriptedModel(list(script)), tools=[search], callback_handler=None, **options)  # type: ignore[arg-type]


def test_the_model_calls_the_structure_as_its_last_tool() -> None:
    agent = make(ToolCall("search", {"query": "Ada"}), ADA)
    result = agent("Who is Ada?", structured_output_model=Person)
    assert result.structured_output == Person(name="Ada", age=36)
    assert result.stop_reason == "tool_use"
    assert agent.messages[-1]["role"] == "user"
    assert agent.tool_names == ["search"]


def test_a_model_that_forgot_is_told_and_must() -> None:
    agent = make("Ada is 36.", ADA)
    result = agent("Who?", structured_output_model=Person, structured_output_prompt="As a person, please.")
    assert result.structured_output == Person(name="Ada", age=36)
    model: ScriptedModel = agent.model  # type: ignore[assignment]
    assert model.requests[1].tool_choice == {"tool": {"name": "Person"}}
    assert model.requests[1].prompt == "As a person, please."


def test_an_input_that_does_not_fit_is_corrected() -> None:
    agent = make(ToolCall("Person", {"name": "Ada"}), ADA)
    assert agent("Who?", structured_output_model=Person).structured_output == Person(name="Ada", age=36)
    assert results_of(agent)[0]["status"] == "error"
    assert "age" in results_of(agent)[0]["content"][0]["text"]


def test_a_model_that_never_produces_it_is_an_error() -> None:
    with pytest.raises(StructuredOutputException, match="'Person'"):
        make("no", "never")("Who?", structured_output_model=Person)


def test_a_model_that_never_gets_it_right_is_not_asked_for_ever() -> None:
    agent = Agent(model=ScriptedModel([ToolCall("Person", {"name": "Ada"})], repeat="last"), callback_handler=None)
    with pytest.raises(StructuredOutputException, match=r"'Person' 10 times with input that does not fit(.|\n)*age"):
        agent("Who?", structured_output_model=Person)
    assert agent.messages[-1]["role"] == "user", "the history can be gone on with"


def test_an_agent_may_always_want_the_structure() -> None:
    agent = make(ADA, structured_output_model=Person)
    result = agent("Who?")
    assert result.structured_output == Person(name="Ada", age=36)


def test_listeners_get_the_structure() -> None:
    heard: list[object] = []
    agent = make(ADA)
    agent.callback_handler = lambda **event: heard.append(event.get("structured_output"))
    agent("Who?", structured_output_model=Person)
    assert Person(name="Ada", age=36) in heard


def test_the_short_form_returns_the_structure_itself() -> None:
    assert make(ADA).structured_output(Person, "Who?") == Person(name="Ada", age=36)


class Yielding(Model):
    """A model of a user's, which yields what is given, then a person."""

    def __init__(self, *events: Any) -> None:
        self.events = events

    async def structured_output(self, output_model: Any, *args: Any, **kwargs: Any) -> Any:
        for event in self.events:
            yield event
        yield {"output": output_model(name="Ada", age=36)}

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> Any:
        return {}

    def update_config(self, **config: Any) -> None:
        raise NotImplementedError


def test_listeners_of_the_short_form_hear_the_model() -> None:
    heard: list[dict[str, Any]] = []
    agent = make(ADA)
    agent.callback_handler = lambda **event: heard.append(event)
    agent.structured_output(Person, "Who?")
    pieces = [event["delta"]["toolUse"]["input"] for event in heard if event.get("type") == "tool_use_stream"]
    assert json.loads("".join(pieces)) == {"name": "Ada", "age": 36}
    assert heard[0]["event"] == {"messageStart": {"role": "assistant"}}
    assert {"agent", "output"}.isdisjoint(key for event in heard for key in event)


def test_what_a_model_of_ones_own_tells_is_told_as_it_is() -> None:
    heard: list[dict[str, Any]] = []
    own: list[Any] = [
        TypedEvent({"data": "She", "delta": {"text": "She"}}),
        {"contentBlockDelta": {"delta": {"text": " is"}}},
        {"mine": 1},
    ]
    agent = Agent(model=Yielding(*own), callback_handler=lambda **event: heard.append(event))
    assert agent.structured_output(Person, "Who?") == Person(name="Ada", age=36)
    assert [event["data"] for event in heard if "data" in event] == ["She", " is"]
    assert [event["event"] for event in heard if "event" in event] == [own[1]]
