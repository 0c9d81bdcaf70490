"""Models that refuse to be told which tool to use: the choice is left out, remembered, and plain JSON counts."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent
from strands.types.exceptions import ModelRequestError, StructuredOutputException
from support.providers import Provider, ask, parameters, tool_spec
from support.stub_http import Fault, Use

several = pytest.mark.parametrize("provider", parameters("openai", "openai_responses", "anthropic", "litellm"))
REFUSED = Fault(400, "This model does not support this tool_choice while it thinks.", kind="invalid_request_error")
ADA = '{"name": "Ada", "age": 36}'


class Person(BaseModel):
    """A person."""

    name: str
    age: int


FORCED = ("any", "tool", "required", "function")


def choices(stub: Any) -> list[bool]:
    said = [request.body.get("tool_choice") for request in stub.requests]
    return [(each["type"] if isinstance(each, dict) else each) in FORCED for each in said]


@several
def test_plain_json_is_the_structure_then(provider: Provider) -> None:
    with provider.stub(["She is 36.", REFUSED, ADA, "Well.", f"```json\n{ADA}\n```"]) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None, retry_strategy=None)
        for _ in range(2):
            found = agent("Who is Ada?", structured_output_model=Person)
            assert (found.structured_output, found.stop_reason) == (Person(name="Ada", age=36), "end_turn")
        assert choices(stub) == [False, True, False, False, False]


@several
def test_a_tool_use_is_as_good(provider: Provider) -> None:
    with provider.stub(["She is 36.", REFUSED, Use("Person", {"name": "Ada", "age": 36})]) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None, retry_strategy=None)
        assert agent("Who is Ada?", structured_output_model=Person).structured_output == Person(name="Ada", age=36)


@several
def test_json_that_does_not_fit_is_said(provider: Provider) -> None:
    with provider.stub(["She is 36.", '{"name": "Ada"}']) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None, retry_strategy=None)
        with pytest.raises(StructuredOutputException, match="age"):
            agent("Who is Ada?", structured_output_model=Person)


@several
def test_any_other_refusal_is_an_error(provider: Provider) -> None:
    with provider.stub([Fault(400, "no such model")]) as stub:
        with pytest.raises(ModelRequestError, match="no such model"):
            ask(provider.model(stub), "Hello", [tool_spec("look")], tool_choice={"any": {}})
        assert len(stub.requests) == 1
