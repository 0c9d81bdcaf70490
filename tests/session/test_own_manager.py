"""A session manager that was written against the Strands Agents SDK: four methods, and a store of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import AgentInitializedEvent, HookRegistry, MessageAddedEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import SessionManager
from strands.types.session import SessionAgent, SessionMessage


class Table:
    """What survives the process: items of JSON text."""

    def __init__(self) -> None:
        self.agent = ""
        self.messages: list[str] = []
        self.writes = 0


class TableManager(SessionManager):
    """Stores what the SDK's types make of an agent."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def initialize(self, agent: Agent, **kwargs: Any) -> None:
        if not self.table.agent:
            self.sync_agent(agent)
            return
        stored = SessionAgent.from_dict(json.loads(self.table.agent))
        agent.state.set("kept", stored.state.get("kept"))
        stored.initialize_internal_state(agent)
        agent.messages = [SessionMessage.from_dict(json.loads(each)).to_message() for each in self.table.messages]

    def append_message(self, message: Any, agent: Agent, **kwargs: Any) -> None:
        stored = SessionMessage.from_message(message, len(self.table.messages))
        self.table.messages.append(json.dumps(stored.to_dict()))

    def sync_agent(self, agent: Agent, **kwargs: Any) -> None:
        self.table.writes += 1
        self.table.agent = json.dumps(SessionAgent.from_agent(agent).to_dict())

    def redact_latest_message(self, redact_message: Any, agent: Agent, **kwargs: Any) -> None: ...


class Deaf(TableManager):
    """It listens in its own way, and hears of nothing but messages."""

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(AgentInitializedEvent, lambda event: self.initialize(event.agent))
        registry.add_callback(MessageAddedEvent, lambda event: self.append_message(event.message, event.agent))


class Dead(BaseException):
    """The process dies here, as far as the store can see."""


class Office:
    """Agents at one table, and what their tools did."""

    def __init__(self) -> None:
        self.table = Table()
        self.effects: list[str] = []
        self.dies = False

    def agent(self, *replies: Any, manager: Callable[[Table], SessionManager] = TableManager) -> Agent:
        @tool
        def note(text: str) -> str:
            """Note."""
            self.effects.append("note")
            return "noted"

        @tool
        def pay() -> str:
            """Pay."""
            self.effects.append("pay")
            if self.dies:
                raise Dead
            return "paid"

        @tool(context=True)
        def ask(tool_context: ToolContext) -> str:
            """Ask."""
            return f"they said {tool_context.interrupt('ok')}"

        model = ScriptedModel(list(replies))
        kept = manager(self.table)
        return Agent(model=model, tools=[note, pay, ask], session_manager=kept, callback_handler=None)

    def pays_and_dies(self, **more: Any) -> None:
        self.dies = True
        with pytest.raises(Dead):
            self.agent(ToolCall("pay", {}, id="t"), **more)("go")
        self.dies = False


def answer(agent: Agent, response: Any) -> Any:
    return agent([{"interruptResponse": {"interruptId": each.id, "response": response}} for each in waiting(agent)])


def waiting(agent: Agent) -> list[Any]:
    return list(agent.pending_interrupts)


def test_a_tool_that_was_cut_off_is_in_doubt() -> None:
    office = Office()
    office.pays_and_dies()
    agent = office.agent("done")
    result = agent(None)
    (doubt,) = result.interrupts or ()
    assert doubt.name == "ambiguous_tool_call" and office.effects == ["pay"]
    assert [each.name for each in waiting(office.agent())] == ["ambiguous_tool_call"], "the question is stored"
    assert answer(office.agent("done"), "skip").stop_reason == "end_turn"
    assert office.effects == ["pay"]


def test_a_question_is_answered_in_another_process_and_finished_tools_do_not_run_again() -> None:
    office = Office()
    calls = [ToolCall("note", {"text": "x"}, id="t1"), ToolCall("ask", {}, id="t2")]
    assert office.agent(calls)("go").stop_reason == "interrupt"
    agent = office.agent("done")
    assert [each.name for each in waiting(agent)] == ["ok"]
    assert answer(agent, "yes").stop_reason == "end_turn"
    assert office.effects == ["note"]
    results: Any = agent.messages[2]["content"]
    assert [each["toolResult"]["content"][0]["text"] for each in results] == ["noted", "they said yes"]
    assert "under_way" not in json.loads(office.table.agent)["_internal_state"]


def test_an_agent_used_as_a_tool_leaves_its_manager_in_place() -> None:
    office = Office()
    inner = office.agent(ToolCall("pay", {}, id="t"), "inner done", ToolCall("pay", {}, id="t2"), "again")
    outer = Agent(
        model=ScriptedModel([ToolCall("helper", {"input": "pay"}, id="o"), "outer done"]),
        tools=[inner.as_tool(name="helper")],
        callback_handler=None,
    )
    assert outer("go").stop_reason == "end_turn"
    before = office.table.writes
    inner("by itself")
    assert office.table.writes == before + 6, "each of four messages, the tool's start, and the end of the call"


def test_who_listens_alone_keeps_what_it_hears() -> None:
    office = Office()
    office.pays_and_dies(manager=Deaf)
    agent = office.agent("done", manager=Deaf)
    assert len(agent.messages) == 2
    assert agent(None).stop_reason == "end_turn" and office.effects == ["pay"]
    results: Any = agent.messages[2]["content"]
    assert results[0]["toolResult"]["status"] == "error"
