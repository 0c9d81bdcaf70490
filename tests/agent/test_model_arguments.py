"""Parameters annotated with a pydantic model or a dataclass: a dictionary that can be read as the object too."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass
from typing import Any, Optional

import pytest
from pydantic import BaseModel, Field

from strands import Agent, tool
from strands.models import ScriptedModel, ToolCall


class Place(BaseModel):
    street: str
    number: int = 1


class Person(BaseModel):
    name: str
    home: Place = Field(default_factory=lambda: Place(street="none"))
    items: list[str] = []

    @property
    def greeting(self) -> str:
        return f"Hello {self.name}"

    def louder(self) -> str:
        return self.name.upper()


@dataclass
class Point:
    x: int
    y: int = 0


def _given(**given: Any) -> dict[str, Any]:
    got: dict[str, Any] = {}

    @tool
    def take(
        person: Person,
        places: Optional[list[Place]] = None,  # noqa: UP045
        named: dict[str, Place] | None = None,
        default: Place = Place(street="by default"),  # noqa: B008
        point: Point | None = None,
        either: Place | str = "nowhere",
    ) -> str:
        """Take."""
        got.update(person=person, places=places, named=named, default=default, point=point, either=either)
        return "ok"

    agent = Agent(model=ScriptedModel([ToolCall("take", given), "done"]), tools=[take], callback_handler=None)
    agent("go")
    result = agent.messages[2]["content"][0]["toolResult"]
    assert result["status"] == "success", result
    return got


def test_a_model_argument_is_read_in_every_way_that_code_reads_it() -> None:
    person: Any = _given(person={"name": "Ada", "home": {"street": "Main", "number": "7"}})["person"]
    assert issubclass(type(person), dict)
    assert (person["name"], person["home"]["number"], person.get("nope")) == ("Ada", 7, None)
    assert Person(**person) == Person.model_validate(person) == Person(name="Ada", home=Place(street="Main", number=7))
    assert (person.name, person.home.street, person.greeting, person.louder()) == ("Ada", "Main", "Hello Ada", "ADA")
    assert json.loads(json.dumps(person)) == person.model_dump()
    with pytest.raises(AttributeError, match="nope"):
        person.nope  # noqa: B018


def test_models_in_lists_dictionaries_unions_and_defaults_are_alike() -> None:
    got = _given(
        person={"name": "Ada"},
        places=[{"street": "A"}],
        named={"k": {"street": "B"}},
        point={"x": 3},
        either={"street": "C"},
    )
    assert (got["places"][0]["street"], got["places"][0].street) == ("A", "A")
    assert (got["named"]["k"]["number"], got["named"]["k"].number) == (1, 1)
    assert (got["default"]["street"], got["default"].street) == ("by default", "by default")
    assert (got["point"], got["point"].y) == ({"x": 3, "y": 0}, 0)
    assert got["either"].street == "C"
    assert _given(person={"name": "Ada"}, either="text")["either"] == "text"


def test_a_field_named_as_a_method_of_dictionaries_is_an_item() -> None:
    person = _given(person={"name": "Ada", "items": ["a"]})["person"]
    assert person["items"] == ["a"]


def test_a_model_argument_may_be_changed_copied_and_stored() -> None:
    person = _given(person={"name": "Ada"})["person"]
    person.name = "Eve"
    assert (person["name"], person.louder()) == ("Eve", "EVE")
    for twin in (copy.copy(person), copy.deepcopy(person), pickle.loads(pickle.dumps(person))):
        assert twin == person and twin.greeting == "Hello Eve"


def test_called_in_python_a_tool_gets_what_it_is_given() -> None:
    @tool
    def name_of(person: Person) -> str:
        """Name."""
        return person.name

    assert name_of(Person(name="Ada")) == "Ada"


def test_a_model_argument_as_a_result_is_json() -> None:
    @tool
    def echo(person: Person) -> Any:
        """Echo."""
        read_as_dictionary: Any = person
        read_as_dictionary["name"] = "changed"
        return person

    agent = Agent(model=ScriptedModel(["unused"]), tools=[echo], callback_handler=None)
    text = agent.tool.echo(person={"name": "Ada"})["content"][0]["text"]
    assert json.loads(text)["name"] == "changed"
