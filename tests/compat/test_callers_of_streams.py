"""Callers who read events one by one: what they leave or cancel at does not go on behind their back."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import ANY

import pytest

from strands import Agent, ToolContext, tool
from strands.interrupt import Interrupt
from strands.models import Reply, ScriptedModel, ToolCall
from support.agents import answers


def make(ran: list[str]) -> Agent:
    @tool
    def delete() -> str:
        """Delete."""
        ran.append("delete")
        return "deleted"

    model = ScriptedModel([Reply("I delete it now.", tool_calls=[ToolCall("delete", {})]), "Done."])
    return Agent(model=model, tools=[delete], callback_handler=None)


@pytest.mark.parametrize("seen", ["data", "current_tool_use", "message"])
def test_who_leaves_before_a_tool_runs_has_kept_it_from_running(seen: str) -> None:
    ran: list[str] = []
    agent = make(ran)

    async def main() -> None:
        events = agent.stream_async("go")
        async for event in events:
            if seen in event:
                break
        await asyncio.sleep(0.05)
        await events.aclose()

    asyncio.run(main())
    assert ran == []
    assert str(agent("What now?")) == "Done.\n"
    assert ran == []


@pytest.mark.parametrize("seen", ["data", "current_tool_use", "message"])
def test_who_cancels_before_a_tool_runs_has_kept_it_from_running(seen: str) -> None:
    ran: list[str] = []
    agent = make(ran)

    async def main() -> Any:
        async for event in agent.stream_async("go"):
            if seen in event:
                agent.cancel()
        return event["result"]

    assert asyncio.run(main()).stop_reason == "cancelled"
    assert ran == []


def test_a_long_reply_is_not_read_to_its_end_for_a_reader_who_stopped() -> None:
    class Endless(ScriptedModel):
        sent = 0

        async def stream(self, *args: Any, **kwargs: Any) -> Any:
            yield {"messageStart": {"role": "assistant"}}
            while True:
                self.sent += 1
                yield {"contentBlockDelta": {"delta": {"text": "x"}}}

    model = Endless([])
    agent = Agent(model=model, callback_handler=None)

    async def main() -> None:
        async for event in agent.stream_async("go"):
            if "data" in event:
                await asyncio.sleep(0.05)
                agent.cancel()

    asyncio.run(main())
    assert model.sent < 100


def test_a_slow_reader_gets_every_event() -> None:
    agent = make([])

    async def main(pause: float) -> list[str]:
        names = []
        async for event in Agent(model=ScriptedModel(["a " * 60], chunk_size=2), callback_handler=None).stream_async(
            "go"
        ):
            names.append(next(iter(event)))
            await asyncio.sleep(pause)
        return names

    assert asyncio.run(main(0)) == asyncio.run(main(0.001))
    assert str(agent("go")) == "Done.\n"


def test_questions_are_compared_by_what_people_see() -> None:
    @tool(context=True)
    def ask(tool_context: ToolContext) -> str:
        """Ask."""
        return str(tool_context.interrupt("sure", reason="?"))

    agent = Agent(model=ScriptedModel([ToolCall("ask", {}), "Done."]), tools=[ask], callback_handler=None)
    result = agent("go")
    assert result.interrupts == [Interrupt(id=ANY, name="sure", reason="?")]
    assert result.interrupts != [Interrupt(id=ANY, name="sure", reason="!")]
    assert Interrupt("i", "n") != "i"
    assert agent(answers(result, "yes")).stop_reason == "end_turn"
