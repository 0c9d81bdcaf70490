"""Agents and their results, as a type checker sees them. An `ignore` stands where a program must be refused."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel
from typing_extensions import assert_type

from strands import Agent, AgentResult
from strands.interrupt import Interrupt
from strands.models import BedrockModel, Model
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager, SessionManager
from strands.types.content import Messages
from strands.types.interrupt import InterruptResponseContent
from strands.types.tools import AgentTool


class Person(BaseModel):
    name: str


def an_agent_is_called() -> None:
    agent = Agent(model=ScriptedModel(["Hello."]), system_prompt="You greet.", callback_handler=None)
    assert_type(agent("Hi"), AgentResult)
    assert_type(agent([{"text": "Hi"}]), AgentResult)
    assert_type(agent(None), AgentResult)
    assert_type(asyncio.run(agent.invoke_async("Hi")), AgentResult)
    assert_type(agent.messages, Messages)
    assert_type(agent.model, Model)
    assert_type(agent.name, str)
    agent(7)  # type: ignore[arg-type]
    agent("Hi", limits={"turns": "many"})  # type: ignore[arg-type]
    agent("Hi", limits={"turn": 1})  # type: ignore[arg-type]
    agent("Hi", structured_output_model=Person(name="Ada"))  # type: ignore[arg-type]


async def its_events_are_streamed(agent: Agent) -> None:
    stream = agent.stream_async("Hi")
    async for event in stream:
        print(event)
    await stream.aclose()


def what_it_is_made_of_has_types() -> None:
    Agent(model=BedrockModel(model_id="m"), session_manager=FileSessionManager("s"))
    Agent(modl="m")  # type: ignore[call-arg]
    Agent(model=7)  # type: ignore[arg-type]
    Agent(session_manager="s")  # type: ignore[arg-type]
    Agent(hooks=["log"])  # type: ignore[list-item]
    Agent(state="x")  # type: ignore[arg-type]
    Agent(callback_handler="print")  # type: ignore[arg-type]


def a_session_manager_keeps_an_agent(manager: SessionManager, agent: Agent) -> None:
    manager.sync_agent(agent)
    manager.sync_agent("agent")  # type: ignore[arg-type]
    FileSessionManager(7)  # type: ignore[arg-type]


def a_structure_has_the_type_that_was_asked_for(agent: Agent) -> None:
    person = agent.structured_output(Person, "Who?")
    assert_type(person, Person)
    assert_type(person.name, str)
    print(person.age)  # type: ignore[attr-defined]
    agent.structured_output(int, "How many?")  # type: ignore[type-var]


def a_result_says_what_it_holds(result: AgentResult) -> None:
    assert_type(result.context_size, int | None)
    assert_type(result.session_id, str)
    if result.stop_reason == "end_turn":
        print(result.message["role"])
    for interrupt in result.interrupts or ():
        assert_type(interrupt, Interrupt)
    for interrupt in result.interrupts:  # type: ignore[union-attr]
        print(interrupt)
    print(result.text)  # type: ignore[attr-defined]
    print(result.message["text"])  # type: ignore[typeddict-item]


def questions_are_answered(agent: Agent, result: AgentResult) -> None:
    answers: list[InterruptResponseContent] = [
        {"interruptResponse": {"interruptId": each.id, "response": "yes"}} for each in result.interrupts or ()
    ]
    assert_type(agent(answers), AgentResult)
    nobody_annotated = [{"interruptResponse": {"interruptId": each.id}} for each in agent.pending_interrupts]
    assert_type(agent(nobody_annotated), AgentResult)
    assert_type(agent.abandon_interrupts(), list[Interrupt])
    wrong: InterruptResponseContent = {"interruptResponse": {"id": "1"}}  # type: ignore[typeddict-item, typeddict-unknown-key]
    print(wrong)


def an_agent_is_a_tool(agent: Agent) -> None:
    assert_type(agent.as_tool(name="helper"), AgentTool)
    agent.as_tool(title="helper")  # type: ignore[call-arg]


def its_state_is_a_dictionary_of_json(agent: Agent) -> None:
    agent.state.set("count", 1)
    counted: Any = agent.state.get("count")
    agent.state.set(1, counted)  # type: ignore[arg-type]
