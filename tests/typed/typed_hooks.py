"""Hooks are typed by their events, as a type checker sees them."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from strands import Agent
from strands.hooks import (
    AfterModelCallEvent,
    AfterToolCallEvent,
    BeforeInvocationEvent,
    BeforeToolCallEvent,
    HookProvider,
    HookRegistry,
    MessageAddedEvent,
)
from strands.interrupt import Interrupt
from strands.interventions import Deny, InterventionHandler, Proceed
from strands.types.content import Message
from strands.types.tools import AgentTool, ToolUse
from strands.vended_interventions.hitl import ClassifierResult, HumanInTheLoop


def gate(event: BeforeToolCallEvent) -> None:
    assert_type(event.agent, Agent)
    assert_type(event.tool_use, ToolUse)
    assert_type(event.selected_tool, AgentTool | None)
    if event.interrupt("ok", reason={"of": event.tool_use["name"]}) != "y":
        event.cancel_tool = "no"
    event.cancel_tool = 7  # type: ignore[assignment]
    event.interrupt(7)  # type: ignore[arg-type]
    print(event.result)  # type: ignore[attr-defined]


async def added(event: MessageAddedEvent) -> None:
    assert_type(event.message, Message)


def either(event: BeforeToolCallEvent | AfterToolCallEvent) -> None:
    print(event.tool_use)


def returns_something(event: BeforeToolCallEvent) -> str:
    return event.tool_use["name"]


class Log(HookProvider):
    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, gate)
        registry.add_callback(MessageAddedEvent, added)
        registry.add_callback(gate)
        registry.add_callback(None, gate)
        registry.add_callback([BeforeToolCallEvent, AfterToolCallEvent], either)
        registry.add_callback(AfterModelCallEvent, lambda event: print(event.stop_response))
        registry.add_callback(BeforeInvocationEvent, gate, order=1)  # type: ignore[arg-type]
        registry.add_callback(BeforeToolCallEvent, returns_something)  # type: ignore[arg-type]
        registry.add_callback(BeforeToolCallEvent, lambda event: event.nothing)  # type: ignore[attr-defined]
        registry.add_callback(str, gate)  # type: ignore[type-var, arg-type]
        registry.add_callback("before", gate)  # type: ignore[arg-type]


class Wrong(HookProvider):
    def register_hooks(self, registry: str, **kwargs: Any) -> None:  # type: ignore[override]
        print(registry)


def hooks_are_given_to_an_agent(agent: Agent) -> None:
    Agent(hooks=[Log(), gate])
    agent.add_hook(gate)
    agent.add_hook(gate, BeforeToolCallEvent)
    agent.add_hook(either, [BeforeToolCallEvent, AfterToolCallEvent])
    agent.add_hook(gate, MessageAddedEvent)  # type: ignore[arg-type]
    agent.add_hook(Log())  # type: ignore[arg-type]
    agent.hooks.add_hook(Log())
    agent.hooks.add_hook(gate)  # type: ignore[arg-type]


class Policy(InterventionHandler):
    @property
    def name(self) -> str:
        return "policy"

    async def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Proceed | Deny:
        return Proceed() if event.tool_use["name"] == "read" else Deny("no")


def classify(event: BeforeToolCallEvent) -> ClassifierResult:
    return ClassifierResult(event.tool_use["name"] == "delete")


def classify_text(text: str) -> ClassifierResult:
    return ClassifierResult(bool(text))


def people_are_asked() -> None:
    Agent(interventions=[Policy(), HumanInTheLoop(classifier=classify, allowed_tools=["read"])])
    HumanInTheLoop(classifier=classify_text)  # type: ignore[arg-type]
    HumanInTheLoop(ask="terminal")  # type: ignore[arg-type]
    Agent(interventions=[classify])  # type: ignore[list-item]


def an_interrupt_holds_a_question(interrupt: Interrupt) -> None:
    assert_type(interrupt.id, str)
    assert_type(interrupt.name, str)
    assert_type(interrupt.to_dict(), dict[str, Any])
    print(interrupt.question)  # type: ignore[attr-defined]
