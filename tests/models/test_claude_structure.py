"""Structured output of Claude where no tool can be forced: by a schema for the reply, else by the tool, unforced."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent
from strands.types.exceptions import ModelRequestError, ModelThrottledException
from support.providers import ALL, collect, tool_spec, user
from support.stub_http import Fault, Use

pytest.importorskip("anthropic")
CLAUDE = next(each for each in ALL if each.name == "anthropic")
ADA: dict[str, Any] = {"name": "Ada", "age": 36}
KIND = "invalid_request_error"
UNFORCED = Fault(400, 'tool_choice: type "tool" and "any" are not supported for this model', kind=KIND)
FORMLESS = Fault(400, "output_config.format: Extra inputs are not permitted", kind=KIND)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class Scores(BaseModel):
    """Points of each player."""

    points: dict[str, int]


class Anything(BaseModel):
    """What somebody said."""

    said: Any


def means(stub: Any) -> list[str]:
    """Return by which means each request asked for a structure."""
    found = []
    for request in stub.requests:
        choice = request.body["tool_choice"]["type"]
        found.append("format" if "format" in request.body.get("output_config", {}) else choice)
    return found


def asked(replies: list[Any], wanted: type[BaseModel] = Person, times: int = 1, **config: Any) -> tuple[list[Any], Any]:
    """Return what a model makes of one question, asked some times, and the stub that it asked."""

    async def ask(model: Any) -> list[Any]:
        try:
            return [
                (await collect(model.structured_output(wanted, [user("Who?")])))[-1]["output"] for _ in range(times)
            ]
        finally:
            await model.aclose()

    with CLAUDE.stub(replies) as stub:
        return asyncio.run(ask(CLAUDE.model(stub, **config))), stub


def test_a_model_that_cannot_be_forced_is_given_the_schema() -> None:
    found, stub = asked([UNFORCED, json.dumps(ADA), json.dumps(ADA)], times=2)
    assert found == [Person(**ADA)] * 2
    assert means(stub) == ["tool", "format", "format"]
    body = stub.requests[1].body
    assert body["tool_choice"] == {"type": "none"}
    assert body["output_config"]["format"]["schema"]["required"] == ["name", "age"]
    assert body["output_config"]["format"]["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    "refusal", [FORMLESS, Fault(400, "Schema is too complex.", kind=KIND)], ids=["format", "schema"]
)
def test_one_that_takes_no_schema_is_asked_freely_and_not_again(refusal: Fault) -> None:
    used = Use("Person", ADA)
    found, stub = asked([UNFORCED, refusal, used, used], times=2)
    assert found == [Person(**ADA)] * 2
    assert means(stub) == ["tool", "format", "auto", "auto"]


@pytest.mark.parametrize(("wanted", "filled"), [(Scores, {"points": {"Ada": 3}}), (Anything, {"said": [1, "x"]})])
def test_what_no_schema_of_claude_can_say_stays_a_tool(wanted: type[BaseModel], filled: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match=f"{wanted.__name__} has a field"):
        found, stub = asked([UNFORCED, Use(wanted.__name__, filled)], wanted)
    assert found == [wanted(**filled)]
    assert means(stub) == ["tool", "auto"]


def test_other_settings_of_the_reply_stay() -> None:
    _, stub = asked([UNFORCED, json.dumps(ADA)], params={"output_config": {"effort": "high"}})
    assert [request.body["output_config"].get("effort") for request in stub.requests] == ["high", "high"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault(400, "no such model"), ModelRequestError), (Fault(429, "slow down"), ModelThrottledException)],
)
def test_any_other_refusal_is_an_error(fault: Fault, error: type[Exception]) -> None:
    with pytest.raises(error):
        asked([UNFORCED, fault])


def test_a_structure_may_be_asked_for_without_forcing_a_tool() -> None:
    async def ask(model: Any) -> None:
        try:
            await collect(model.stream([user("Who?")], [tool_spec("look")], structured_output_model=Person))
        finally:
            await model.aclose()

    with CLAUDE.stub([json.dumps(ADA)]) as stub:
        asyncio.run(ask(CLAUDE.model(stub)))
        assert means(stub) == ["format"]


def test_an_agent_is_given_the_structure_too() -> None:
    with CLAUDE.stub(["She is 36.", UNFORCED, json.dumps(ADA)]) as stub:
        agent = Agent(model=CLAUDE.model(stub), callback_handler=None, retry_strategy=None)
        assert agent("Who is Ada?", structured_output_model=Person).structured_output == Person(**ADA)
        assert "format" in stub.requests[2].body["output_config"]
