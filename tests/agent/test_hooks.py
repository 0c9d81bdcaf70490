"""Hooks: who is told of what, in which order, and what may be changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from strands import Agent, Workflow, tool
from strands.hooks import (
    AfterInvocationEvent,
    AfterModelCallEvent,
    AfterToolCallEvent,
    AgentInitializedEvent,
    BeforeInvocationEvent,
    BeforeModelCallEvent,
    BeforeNodeCallEvent,
    BeforeToolCallEvent,
    HookEvent,
    HookRegistry,
    MessageAddedEvent,
)
from strands.models import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder, Swarm
from strands.multiagent.graph import Graph
from strands_cli.errors import InputError
from support.agents import results_of, texts_of

EVENTS = [
    AgentInitializedEvent,
    BeforeInvocationEvent,
    MessageAddedEvent,
    BeforeModelCallEvent,
    AfterModelCallEvent,
    BeforeToolCallEvent,
    AfterToolCallEvent,
    AfterInvocationEvent,
]


@tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool
def times(a: int, b: int) -> int:
    """Multiply."""
    return a * b


def make(*hooks: Any, script: Any = None) -> Agent:
    script = script or [ToolCall("add", {"a": 2, "b": 3}, "t1"), "done"]
    return Agent(model=ScriptedModel(script), tools=[add, times], hooks=list(hooks), callback_handler=None)


class Log:
    def __init__(self, name: str = "") -> None:
        self.name = name
        self.seen: list[str] = []

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        for event_type in EVENTS:
            registry.add_callback(event_type, self.note)

    def note(self, event: HookEvent) -> None:
        self.seen.append(self.name + type(event).__name__.removesuffix("Event"))


def test_events_come_in_the_order_things_happen() -> None:
    log = Log()
    make(log)("go")
    assert log.seen == [
        "AgentInitialized",
        "BeforeInvocation",
        "MessageAdded",
        "BeforeModelCall",
        "AfterModelCall",
        "MessageAdded",
        "BeforeToolCall",
        "AfterToolCall",
        "MessageAdded",
        "BeforeModelCall",
        "AfterModelCall",
        "MessageAdded",
        "AfterInvocation",
    ]


def test_after_events_run_their_callbacks_last_registered_first() -> None:
    order: list[str] = []

    def callback(name: str) -> Any:
        return lambda event: order.append(name)

    agent = make()
    for name in ("one", "two"):
        agent.add_hook(callback(f"before {name}"), BeforeToolCallEvent)
        agent.add_hook(callback(f"after {name}"), AfterToolCallEvent)
    agent("go")
    assert order == ["before one", "before two", "after two", "after one"]


def test_order_decides_before_registration_does() -> None:
    order: list[str] = []
    agent = make()
    agent.add_hook(lambda event: order.append("late"), BeforeInvocationEvent, order=10)
    agent.add_hook(lambda event: order.append("early"), BeforeInvocationEvent, order=-10)
    agent("go")
    assert order == ["early", "late"]


def test_other_packages_tests_see_what_was_registered() -> None:
    registry = HookRegistry()
    registry.add_callback(BeforeInvocationEvent, print, order=5)
    assert registry._registered_callbacks == {BeforeInvocationEvent: [(print, 5)]}
    assert registry._registered_callbacks[BeforeInvocationEvent][0].callback is print


def test_the_event_is_taken_from_the_annotation() -> None:
    seen: list[str] = []

    def one(event: BeforeToolCallEvent) -> None:
        seen.append("one")

    def two(event: BeforeInvocationEvent | AfterInvocationEvent) -> None:
        seen.append("two")

    def three(event):  # type: ignore[no-untyped-def]
        seen.append("three")

    agent = make(one)
    agent.add_hook(two)
    agent.hooks.add_callback(one)
    with pytest.raises(ValueError, match="names no event"):
        agent.add_hook(three)
    agent("go")
    assert seen == ["two", "one", "one", "two"]


def untold(event):  # type: ignore[no-untyped-def]
    """A hook that does not say of which event."""


def of_a_text(event: str) -> None: ...


class Provider:
    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None: ...


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        (
            untold,
            r"test_hooks:untold does not say .* \(its parameter 'event' has no annotation\).* def untold\(e",
        ),
        (of_a_text, "test_hooks:of_a_text .*its parameter 'event' is annotated with no event"),
        (lambda event: None, "has no annotation.* a lambda, is registered by a provider"),
        (lambda: None, "it takes no parameter"),
        (Provider, r"Provider is a class; make a hook of it: Provider\(...\)"),
        (7, "7 is not a hook; give a function"),
    ],
)
def test_a_hook_that_names_no_event_is_refused_where_it_is_given(hook: Any, told: str) -> None:
    spec = {"version": 0, "name": "t", "runtime": {"provider": "scripted"}, "agents": {"a": {"prompt": "p"}}}
    pattern = {"type": "chain", "config": {"steps": [{"agent": "a"}]}}
    takers: dict[str, Callable[[], Any]] = {
        "Agent": lambda: make(hook),
        "Swarm": lambda: Swarm([make()], hooks=[hook]),
        "Graph": lambda: graph_with(hook),
        "Workflow": lambda: Workflow.from_dict({**spec, "pattern": pattern}, hooks=[hook]),
    }
    for name, taker in takers.items():
        with pytest.raises((ValueError, InputError), match=rf"(?s)^{name}\(hooks=\): .*{told}"):
            taker()


def graph_with(hook: Any) -> Graph:
    builder = GraphBuilder()
    builder.add_node(make(), "a")
    builder.set_hook_providers([hook])
    return builder.build()


def test_a_graph_takes_a_function_of_an_event() -> None:
    seen: list[str] = []

    def before(event: BeforeNodeCallEvent) -> None:
        seen.append(event.node_id)

    graph_with(before)("go")
    assert seen == ["a"]


def test_async_callbacks_and_async_callable_objects_are_awaited() -> None:
    seen: list[str] = []

    async def function(event: BeforeToolCallEvent) -> None:
        seen.append("function")

    class Object:
        async def __call__(self, event: BeforeToolCallEvent) -> None:
            seen.append("object")

    make(function, Object())("go")
    assert seen == ["function", "object"]


def test_an_agent_is_initialized_by_sync_callbacks_only() -> None:
    async def callback(event: AgentInitializedEvent) -> None: ...

    with pytest.raises(ValueError, match="sync callbacks only"):
        make(callback)


def test_before_invocation_may_change_the_prompt_or_refuse_it() -> None:
    def rewrite(event: BeforeInvocationEvent) -> None:
        event.messages = [{"role": "user", "content": [{"text": "rewritten"}]}]

    def refuse(event: BeforeInvocationEvent) -> None:
        event.cancel = "not today"

    agent = make(rewrite, script=["ok"])
    agent("original")
    assert agent.messages[0]["content"] == [{"text": "rewritten"}]
    assert str(make(refuse, script=[])("hi")) == "not today\n"


def test_after_invocation_may_go_on_with_another_prompt() -> None:
    def more(event: AfterInvocationEvent) -> None:
        if len(event.agent.messages) < 4:
            event.resume = "and now?"

    agent = make(more, script=["one", "two"])
    assert str(agent("hi")) == "two\n"
    assert agent.messages[2]["content"] == [{"text": "and now?"}]


def test_after_invocation_comes_after_an_error_too() -> None:
    results: list[Any] = []
    agent = make(script=[RuntimeError("boom")])
    agent.add_hook(lambda event: results.append(event.result), AfterInvocationEvent)
    with pytest.raises(RuntimeError, match="boom"):
        agent("hi")
    assert results == [None]


def test_before_tool_call_may_select_another_tool_change_the_call_or_cancel_it() -> None:
    def select(event: BeforeToolCallEvent) -> None:
        event.selected_tool = times

    def change(event: BeforeToolCallEvent) -> None:
        event.tool_use["input"]["b"] = 10

    def cancel(event: BeforeToolCallEvent) -> None:
        event.cancel_tool = "no"

    for hook, text in ((select, "6"), (change, "12"), (cancel, "no")):
        agent = make(hook)
        agent("go")
        assert texts_of(results_of(agent)) == [text]


def test_after_tool_call_may_change_the_result_or_try_again() -> None:
    tries: list[Any] = []

    def change(event: AfterToolCallEvent) -> None:
        event.result = {**event.result, "content": [{"text": "changed"}]}

    def again(event: AfterToolCallEvent) -> None:
        tries.append(event.duration)
        event.retry = len(tries) < 3

    agent = make(change)
    agent("go")
    assert texts_of(results_of(agent)) == ["changed"]
    agent = make(again)
    agent("go")
    assert len(tries) == 3
    assert texts_of(results_of(agent)) == ["5"]


def test_a_result_answers_its_tool_use_whatever_a_hook_makes_of_it() -> None:
    def meddle(event: BeforeToolCallEvent) -> None:
        event.tool_use["toolUseId"] = "other"

    def replace(event: AfterToolCallEvent) -> None:
        event.result = {"toolUseId": "another", "status": "success", "content": [{"text": "x"}]}

    agent = make(meddle, replace)
    agent("go")
    assert [result["toolUseId"] for result in results_of(agent)] == ["t1"]


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ("text", {"text": "text"}),
        ({"sum": 5}, {"text": '{"sum": 5}'}),
        ({"status": "success", "content": [{"json": (1, OrderedDict(a=2))}]}, {"json": [1, {"a": 2}]}),
    ],
)
def test_what_a_hook_makes_of_a_result_is_a_result(made: Any, shown: Any) -> None:
    def replace(event: AfterToolCallEvent) -> None:
        event.result = made

    agent = make(replace)
    agent("go")
    assert [result["content"] for result in results_of(agent)] == [[shown]]


@pytest.mark.parametrize("bad", [{1, 2}, float("nan"), Decimal(1)])
def test_what_a_hook_makes_of_a_result_is_json_or_an_error(bad: Any) -> None:
    def spoil(event: AfterToolCallEvent) -> None:
        event.result["content"] = [{"json": {"value": bad}}]

    def add(event: AfterToolCallEvent) -> None:
        event.result = {**event.result, "metadata": {"value": bad}}  # type: ignore[typeddict-unknown-key]

    for hook in (spoil, add):
        agent = make(hook)
        agent("go")
        (result,) = results_of(agent)
        assert result["status"] == "error"
        assert "is not JSON" in texts_of([result])[0]


def test_after_tool_call_tells_of_cancellations_and_errors() -> None:
    seen: list[Any] = []

    @tool(name="add")
    def fail(a: int, b: int) -> int:
        """Fail."""
        raise LookupError("x")

    agent = Agent(model=ScriptedModel([ToolCall("add", {"a": 1, "b": 1}), "ok"]), tools=[fail], callback_handler=None)
    agent.add_hook(lambda event: seen.append((type(event.exception), event.cancel_message)), AfterToolCallEvent)
    agent("go")
    agent = make(lambda_cancel)
    agent.add_hook(lambda event: seen.append((type(event.exception), event.cancel_message)), AfterToolCallEvent)
    agent("go")
    assert seen == [(LookupError, None), (type(None), "no")]


def lambda_cancel(event: BeforeToolCallEvent) -> None:
    event.cancel_tool = "no"


def test_after_model_call_may_ask_again() -> None:
    def again(event: AfterModelCallEvent) -> None:
        assert event.stop_response is not None
        event.retry = event.stop_response.message["content"] == [{"text": "bad"}]

    agent = make(again, script=["bad", "good"])
    assert str(agent("go")) == "good\n"
    assert len(agent.messages) == 2


def test_before_model_call_may_answer_instead() -> None:
    def instead(event: BeforeModelCallEvent) -> None:
        event.cancel = "from the hook"

    assert str(make(instead, script=[])("hi")) == "from the hook\n"


def test_everything_else_about_an_event_is_read_only() -> None:
    errors: list[str] = []

    def meddle(event: BeforeToolCallEvent) -> None:
        for name in ("agent", "invocation_state"):
            try:
                setattr(event, name, None)
            except AttributeError as error:
                errors.append(str(error))

    make(meddle)("go")
    assert errors == [
        "BeforeToolCallEvent.agent is read-only; writable are ['cancel_tool', 'selected_tool', 'tool_use']",
        "BeforeToolCallEvent.invocation_state is read-only; writable are ['cancel_tool', 'selected_tool', 'tool_use']",
    ]


def test_a_callback_may_call_another_agent() -> None:
    helper = Agent(model=ScriptedModel(["helped"]), callback_handler=None)
    said: list[str] = []
    make(lambda_helper(helper, said))("go")
    assert said == ["helped\n"]


def lambda_helper(helper: Agent, said: list[str]) -> Any:
    def callback(event: BeforeInvocationEvent) -> None:
        said.append(str(helper("help")))

    return callback
