"""`@tool`: what a function becomes, and what a model may call it with."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from strands import Agent, ToolContext, tool
from strands.models import ScriptedModel, ToolCall
from support.agents import results_of, texts_of


def call(function: Any, arguments: dict[str, Any], **options: Any) -> Any:
    agent = Agent(
        model=ScriptedModel([ToolCall(function.tool_name, arguments), "ok"]), tools=[function], callback_handler=None
    )
    agent("go", **options)
    return results_of(agent)[0]


def schema_of(function: Any) -> Any:
    return function.tool_spec["inputSchema"]["json"]


def test_name_description_and_schema_come_from_the_function() -> None:
    @tool
    def book(city: str, nights: int = 1, kind: Literal["single", "double"] = "single", note: str | None = None) -> str:
        """Book a room.

        Nothing is paid yet.

        Args:
            city: Where.
            nights (int): How long,
                in nights.

        Returns:
            The confirmation.
        """
        return f"{city} {nights} {kind} {note}"

    assert book.tool_name == "book"
    assert book.tool_spec["description"] == "Book a room.\n\nNothing is paid yet.\n\nReturns:\n    The confirmation."
    assert schema_of(book) == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where."},
            "nights": {"type": "integer", "default": 1, "description": "How long,\nin nights."},
            "kind": {
                "type": "string",
                "enum": ["single", "double"],
                "default": "single",
                "description": "Parameter kind",
            },
            "note": {"type": "string", "default": None, "description": "Parameter note"},
        },
        "required": ["city"],
    }
    assert book("Rome", nights=2) == "Rome 2 single None"


def test_the_decorator_takes_name_description_and_schema() -> None:
    schema = {"json": {"type": "object", "properties": {"x": {"type": "integer"}}}}

    @tool(name="other", description="Does it.", inputSchema=schema)
    def function(x: int) -> str:
        """Unused."""
        return str(x)

    assert function.tool_spec == {"name": "other", "description": "Does it.", "inputSchema": schema}


class Guest(BaseModel):
    """A guest."""

    name: str
    age: int


def test_pydantic_models_and_annotated_parameters_are_understood() -> None:
    @tool
    def greet(
        guest: Guest, times: Annotated[int, Field(ge=1)] = 1, tone: Annotated[str, "How to speak."] = "kind"
    ) -> str:
        """Greet."""
        read_as_dictionary: Any = guest
        return f"{read_as_dictionary['age']} {guest.name} {times} {tone}"

    properties = schema_of(greet)["properties"]
    assert properties["times"]["minimum"] == 1
    assert properties["tone"]["description"] == "How to speak."
    good = call(greet, {"guest": {"name": "Ada", "age": 36}})
    assert good["content"] == [{"text": "36 Ada 1 kind"}]
    bad = call(greet, {"guest": {"name": "Ada", "age": 36}, "times": 0})
    assert bad["status"] == "error"


def test_arguments_that_fit_only_after_conversion_are_converted() -> None:
    @tool
    def show(count: int, ratio: float, names: list[str]) -> str:
        """Show."""
        return f"{count!r} {ratio!r} {names!r}"

    assert call(show, {"count": "5", "ratio": 1, "names": ["a"], "extra": 1})["content"] == [{"text": "5 1.0 ['a']"}]
    missing = call(show, {"count": 5})
    assert missing["status"] == "error"
    assert "ratio" in missing["content"][0]["text"]


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("text", [{"text": "text"}]),
        ({"a": [1, None]}, [{"text": '{"a": [1, null]}'}]),
        (None, [{"text": "null"}]),
        (Guest(name="Ada", age=36), [{"text": '{"name":"Ada","age":36}'}]),
    ],
)
def test_any_json_value_is_a_result(value: Any, content: Any) -> None:
    @tool
    def give() -> Any:
        """Give."""
        return value

    assert call(give, {}) == {"toolUseId": results_id(give), "status": "success", "content": content}


def results_id(function: Any) -> str:
    return str(call(function, {})["toolUseId"])


def test_a_tool_result_is_kept_as_it_is() -> None:
    @tool
    def picture() -> dict[str, Any]:
        """Show a picture."""
        return {"status": "error", "content": [{"image": {"format": "png", "source": {"bytes": b"x"}}}]}

    result = call(picture, {})
    assert result["status"] == "error"
    assert result["content"][0]["image"]["source"] == {"bytes": b"x"}


def test_an_exception_becomes_an_error_result() -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise LookupError("nothing there")

    assert texts_of([call(fail, {})]) == ["Error: LookupError - nothing there"]


def test_sync_tools_run_in_a_thread_with_the_callers_context_variables() -> None:
    where = contextvars.ContextVar("where", default="nowhere")
    seen: list[Any] = []

    @tool
    def look() -> str:
        """Look."""
        seen.append((where.get(), threading.current_thread()))
        return "ok"

    async def main() -> None:
        where.set("here")
        agent = Agent(model=ScriptedModel([ToolCall("look"), "ok"]), tools=[look], callback_handler=None)
        await agent.invoke_async("go")

    asyncio.run(main())
    assert seen[0][0] == "here"
    assert seen[0][1] is not threading.main_thread()


def test_async_tools_run_in_the_loop() -> None:
    loops: list[Any] = []

    @tool
    async def look() -> str:
        """Look."""
        loops.append(asyncio.get_running_loop())
        return "ok"

    async def main() -> None:
        agent = Agent(model=ScriptedModel([ToolCall("look"), "ok"]), tools=[look], callback_handler=None)
        await agent.invoke_async("go")
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(main())


def test_async_generators_stream_at_once_and_the_last_value_is_the_result() -> None:
    @tool
    async def count(to: int) -> Any:
        """Count."""
        for number in range(to):
            yield number
        yield "done"

    agent = Agent(model=ScriptedModel([ToolCall("count", {"to": 2}), "ok"]), tools=[count], callback_handler=None)

    async def main() -> list[Any]:
        events = [event async for event in agent.stream_async("go")]
        return [event["tool_stream_event"]["data"] for event in events if "tool_stream_event" in event]

    assert asyncio.run(main()) == [0, 1, "done"]
    assert texts_of(results_of(agent)) == ["done"]


def test_a_tool_can_be_run_without_an_agent() -> None:
    @tool
    def half(x: int) -> int:
        """Halve."""
        return 10 // x

    async def run(x: Any) -> Any:
        use: Any = {"toolUseId": "t1", "name": "half", "input": {"x": x}}
        return [each async for each in half.stream(use, {})][-1]["tool_result"]

    assert asyncio.run(run(2))["content"] == [{"text": "5"}]
    assert asyncio.run(run(0))["status"] == "error"
    assert asyncio.run(run("x"))["status"] == "error"


class Counter:
    def __init__(self, step: int) -> None:
        self.step = step
        self.total = 0

    @tool
    def increase(self, times: int) -> int:
        """Increase the total."""
        self.total += self.step * times
        return self.total

    @tool(context=True)
    def who(self, tool_context: ToolContext) -> str:
        """Say who calls."""
        return f"{tool_context.agent.name} {tool_context.tool_use['name']}"


def test_methods_are_tools_of_their_object() -> None:
    two, three = Counter(2), Counter(3)
    assert call(two.increase, {"times": 5})["content"] == [{"text": "10"}]
    assert three.increase(1) == 3
    assert (two.total, three.total) == (10, 3)
    assert "self" not in schema_of(two.increase)["properties"]
    assert call(two.who, {})["content"] == [{"text": "Strands Agents who"}]


class Slotted:
    __slots__ = ("n",)

    @tool
    def count(self) -> int:
        """Count."""
        return 1


def test_each_object_may_describe_its_methods_in_its_own_words() -> None:
    two, three = Counter(2), Counter(3)
    two.increase.tool_spec["description"] = "Raise the total of two."
    schema_of(two.increase)["properties"]["times"]["description"] = "How often."
    three.who.tool_spec = {**three.who.tool_spec, "description": "Three asks."}
    model = ScriptedModel(["hi"])
    Agent(model=model, tools=[two.increase, three.who], callback_handler=None)("go")
    told = {spec["name"]: spec["description"] for spec in model.requests[0].tool_specs}
    assert told == {"increase": "Raise the total of two.", "who": "Three asks."}
    assert three.increase.tool_spec["description"] == Counter.increase.tool_spec["description"] == "Increase the total."
    assert schema_of(two.increase)["properties"]["times"]["description"] == "How often."
    assert schema_of(three.increase)["properties"]["times"]["description"] != "How often."
    assert call(two.increase, {"times": 5})["content"] == [{"text": "10"}]


def test_a_description_ends_with_its_object() -> None:
    told = set()
    for number in range(50):
        counter = Counter(number)
        told.add(counter.increase.tool_spec["description"])
        counter.increase.tool_spec["description"] = f"of {number}"
        del counter
    assert told == {"Increase the total."}


def test_objects_that_cannot_be_referred_to_weakly_share_a_description() -> None:
    Slotted().count.tool_spec["description"] = "Count on."
    assert Slotted().count.tool_spec["description"] == "Count on."


def test_the_context_has_the_call_the_agent_the_callers_state_and_a_key() -> None:
    seen: list[ToolContext] = []

    @tool(context="ctx")
    def look(x: int, ctx: ToolContext) -> str:
        """Look."""
        seen.append(ctx)
        return "ok"

    assert "ctx" not in schema_of(look)["properties"]
    call(look, {"x": 1}, invocation_state={"user": "ada"})
    assert seen[0].tool_use["input"] == {"x": 1}
    assert seen[0].invocation_state["user"] == "ada"
    assert seen[0].agent.tool_names == ["look"]
    assert len(seen[0].idempotency_key) >= 16


def test_an_agent_parameter_gets_the_agent() -> None:
    @tool
    def remember(key: str, agent: Agent) -> str:
        """Remember."""
        agent.state.set("key", key)
        return "ok"

    agent = Agent(
        model=ScriptedModel([ToolCall("remember", {"key": "k"}), "ok"]), tools=[remember], callback_handler=None
    )
    agent("go")
    assert agent.state.get("key") == "k"
    assert list(schema_of(remember)["properties"]) == ["key"]


def test_the_later_of_two_functions_of_one_name_is_the_tool() -> None:
    @tool(name="same")
    def one() -> str:
        """One."""
        return ""

    @tool(name="same")
    def two() -> str:
        """Two."""
        return ""

    assert Agent(model=ScriptedModel(["x"]), tools=[one, two]).tool_registry.registry == {"same": two}


def test_a_hint_that_cannot_be_read_leaves_the_others_intact() -> None:
    def lookup(key, limit):  # type: ignore[no-untyped-def]
        """Look up."""
        return f"{key!r} {limit!r}"

    lookup.__annotations__ = {"key": "OnlyForTypeCheckers", "limit": "int"}
    found = tool(lookup)
    assert schema_of(found)["properties"]["limit"]["type"] == "integer"
    assert "type" not in schema_of(found)["properties"]["key"]
    assert call(found, {"key": "k", "limit": "3"})["content"] == [{"text": "'k' 3"}]
