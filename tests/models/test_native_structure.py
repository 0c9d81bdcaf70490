"""Structured output of OpenAI's APIs: by a schema where the server keeps to one, else by a tool."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from strands.types.exceptions import ModelThrottledException, StructuredOutputException
from support.providers import Provider, collect, parameters, user
from support.stub_http import Fault, Say, Use

both = pytest.mark.parametrize("provider", parameters("openai", "openai_responses"))
chat = pytest.mark.parametrize("provider", parameters("openai"))
FILLED = {"name": "Ada", "age": 36}


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def answers(provider: Provider, replies: list[Any], times: int = 1, **config: Any) -> tuple[list[Any], list[Any]]:
    """Return what a model makes of one question, asked some times, and the requests that it sent."""

    async def ask() -> list[Any]:
        model = provider.model(stub, **config)
        try:
            return [(await collect(model.structured_output(Person, [user("Who?")])))[-1] for _ in range(times)]
        finally:
            await model.aclose()

    with provider.stub(replies) as stub:
        return asyncio.run(ask()), [request.body for request in stub.requests]


@both
def test_the_schema_goes_with_the_request_and_so_do_the_parameters(provider: Provider) -> None:
    found, requests = answers(provider, [Say(json.dumps(FILLED))], params={"temperature": 0.5})
    assert found == [{"output": Person(name="Ada", age=36)}]
    assert "json_schema" in json.dumps(requests[0])
    assert (requests[0]["temperature"], requests[0].get("stream") or False) == (0.5, False)
    assert "tools" not in requests[0]


@both
@pytest.mark.parametrize(
    "reply", [Fault(400, "response_format is not supported"), Say("It was Ada.")], ids=["refused", "not kept to"]
)
def test_a_server_without_schemas_is_given_a_tool_and_not_asked_again(provider: Provider, reply: Any) -> None:
    with_tool = Say(tools=[Use("Person", FILLED)])
    found, requests = answers(provider, [reply, with_tool, with_tool], times=2)
    assert found == [{"output": Person(name="Ada", age=36)}] * 2
    assert ["tools" in request for request in requests] == [False, True, True]


@both
def test_a_server_that_is_busy_is_not_asked_in_another_way(provider: Provider) -> None:
    with pytest.raises(ModelThrottledException):
        answers(provider, [Fault(429, "slow down")])


@chat
@pytest.mark.parametrize("reply", [Say('{"name": "A', stop="max_tokens"), Say()], ids=["cut off", "empty"])
def test_a_reply_that_says_nothing_whole_is_told(provider: Provider, reply: Say) -> None:
    with pytest.raises(StructuredOutputException):
        answers(provider, [reply])
    with pytest.raises(ValueError):  # as in the Strands Agents SDK
        answers(provider, [reply])
