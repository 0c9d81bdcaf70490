"""Structured output of Gemini: by a schema for the reply where its schemas can say it, else by a function."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from strands.models.gemini import GeminiModel
from strands.types.exceptions import ModelThrottledException, StructuredOutputException
from support.providers import ALL, collect, user
from support.stub_http import Fault, Say, Use

pytest.importorskip("google.genai")
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
GEMINI = next(each for each in ALL if each.name == "gemini")
ADA: dict[str, Any] = {"name": "Ada", "home": {"town": "London"}}


class Home(BaseModel):
    """Where somebody lives."""

    town: str


class Person(BaseModel):
    """A person."""

    name: str
    home: Home | None = None


class Scores(BaseModel):
    """Points of each player."""

    points: dict[str, int]


class Pair(BaseModel):
    """A word and how often it is used."""

    pair: tuple[str, int]


class Tree(BaseModel):
    """What holds others of its kind."""

    name: str
    inside: list[Tree] = []


def asked(replies: list[Any], wanted: type[BaseModel] = Person, times: int = 1, **config: Any) -> tuple[list[Any], Any]:
    """Return what a model makes of one question, asked some times, and the bodies of its requests."""

    async def ask(model: Any) -> list[Any]:
        try:
            said = [await collect(model.structured_output(wanted, [user("Who?")], "Be brief.")) for _ in range(times)]
            return [events[-1]["output"] for events in said]
        finally:
            await model.aclose()

    with GEMINI.stub(replies) as stub:
        return asyncio.run(ask(GEMINI.model(stub, **config))), [request.body for request in stub.requests]


def test_the_schema_goes_with_the_request_and_so_do_prompt_and_parameters() -> None:
    found, (body,) = asked([Say(json.dumps(ADA))], params={"temperature": 0.5}, gemini_tools=[{"google_search": {}}])
    assert found == [Person(**ADA)]
    config = body["generationConfig"]
    assert (config["responseMimeType"], config["temperature"]) == ("application/json", 0.5)
    assert config["responseSchema"]["required"] == ["name"]
    assert "Be brief." in json.dumps(body["systemInstruction"])
    assert "tools" not in body  # Gemini refuses tools of its own beside a schema


def test_a_model_without_schemas_is_given_a_function_and_not_asked_again() -> None:
    use = Say(tools=[Use("Person", ADA)])
    refused = Fault(400, "JSON mode is not enabled for this model", kind="INVALID_ARGUMENT")
    found, bodies = asked([refused, use, use], times=2)
    assert found == [Person(**ADA)] * 2
    assert ["tools" in body for body in bodies] == [False, True, True]


@pytest.mark.parametrize(
    ("wanted", "filled"),
    [
        (Scores, {"points": {"Ada": 3}}),
        (Pair, {"pair": ["so", 2]}),
        (Tree, {"name": "a", "inside": [{"name": "b", "inside": []}]}),
    ],
)
def test_what_no_schema_of_gemini_can_say_stays_a_function(wanted: type[BaseModel], filled: dict[str, Any]) -> None:
    found, bodies = asked([Say(tools=[Use(wanted.__name__, filled)])], wanted)
    assert found == [wanted(**filled)]
    assert ["tools" in body for body in bodies] == [True]


def test_what_is_refused_for_another_reason_is_an_error() -> None:
    with pytest.raises(ModelThrottledException):
        asked([Fault(429, "slow down", kind="RESOURCE_EXHAUSTED")])


@pytest.mark.parametrize("reply", [Say('{"name": "A', stop="max_tokens"), Say()], ids=["cut off", "empty"])
def test_a_reply_that_says_nothing_whole_is_told(reply: Say) -> None:
    with pytest.raises(StructuredOutputException):
        asked([reply])


def test_a_client_of_ones_own_gives_what_it_has_read() -> None:
    async def generate_content(**request: Any) -> Any:
        assert request["config"]["response_schema"] == Person.model_json_schema()
        return SimpleNamespace(parsed=dict(ADA))

    client = SimpleNamespace(aio=SimpleNamespace(models=SimpleNamespace(generate_content=generate_content)))
    events = asyncio.run(collect(GeminiModel(client=client).structured_output(Person, [user("Who?")])))
    assert events == [{"output": Person(**ADA)}]
