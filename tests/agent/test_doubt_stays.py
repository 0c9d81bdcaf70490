"""A call that was cut off stays in doubt, however the next one ends: it never runs again unasked."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from strands import Agent
from strands.hooks import (
    AfterToolsEvent,
    BeforeInvocationEvent,
    BeforeToolCallEvent,
    BeforeToolsEvent,
    MessageAddedEvent,
)
from strands.interrupt import AMBIGUOUS
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.events import ToolResultEvent
from strands.types.tools import AgentTool
from support.agents import answers, results_of, texts_of

RAN: list[str] = []


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


class Pay(AgentTool):
    """Takes its time, and may find its server away."""

    tool_name = "pay"
    tool_type = "custom"
    tool_spec: Any = {"name": "pay", "description": "Pay.", "inputSchema": {"json": {"type": "object"}}}  # noqa: RUF012
    away = False

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    async def renew(self) -> None:
        if self.away:
            raise ConnectionError("the server is away")

    async def stream(self, tool_use: Any, invocation_state: Any, **kwargs: Any) -> Any:
        RAN.append("pay")
        self.begun.set()
        await asyncio.sleep(30)
        yield ToolResultEvent({"toolUseId": tool_use["toolUseId"], "status": "success", "content": []})


async def cut_off() -> Agent:
    """Return an agent whose payment was cancelled in the middle."""
    RAN.clear()

    def script(messages: list[Any]) -> Any:
        done = any("toolResult" in block for message in messages for block in message["content"])
        return "done" if done else ToolCall("pay", {})

    pay = Pay()
    agent = Agent(model=ScriptedModel(script), tools=[pay], callback_handler=None)
    work = asyncio.ensure_future(agent.invoke_async("go"))
    await pay.begun.wait()
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return agent


async def asks(agent: Agent) -> None:
    result = await agent.invoke_async(None)
    assert [each.name for each in result.interrupts or ()] == [AMBIGUOUS]
    assert RAN == ["pay"]


@pytest.mark.parametrize("events", range(1, 6))
@in_a_loop
async def test_a_stream_that_is_left(events: int) -> None:
    agent = await cut_off()
    stream = agent.stream_async(None)
    for _ in range(events):
        await anext(stream)
    await stream.aclose()
    await asks(agent)


@pytest.mark.parametrize("events", range(1, 5))
@in_a_loop
async def test_a_callback_handler_that_fails(events: int) -> None:
    agent = await cut_off()
    heard: list[Any] = []

    def handler(**event: Any) -> None:
        heard.append(event)
        if len(heard) == events:
            raise ValueError("no more")

    agent.callback_handler = handler
    with contextlib.suppress(Exception):
        await agent.invoke_async(None)
    agent.callback_handler = None
    await asks(agent)


@pytest.mark.parametrize(
    "event", [BeforeInvocationEvent, BeforeToolsEvent, BeforeToolCallEvent, AfterToolsEvent, MessageAddedEvent]
)
@in_a_loop
async def test_a_hook_that_fails(event: Any) -> None:
    agent = await cut_off()
    broken = [True]

    def fails(event: Any) -> None:
        if broken.pop() if broken else False:
            raise ValueError("broken")

    agent.hooks.add_callback(event, fails)
    with contextlib.suppress(Exception):
        await agent.invoke_async(None)
    broken.clear()
    await asks(agent)


@in_a_loop
async def test_a_tool_that_cannot_be_looked_at() -> None:
    agent = await cut_off()
    pay: Any = agent.tool_registry.registry["pay"]
    pay.away = True
    with pytest.raises(ConnectionError):
        await agent.invoke_async(None)
    pay.away = False
    await asks(agent)


@in_a_loop
async def test_an_agent_that_is_cancelled_tells_its_model_that_the_call_may_have_happened() -> None:
    agent = await cut_off()
    agent.cancel()
    assert (await agent.invoke_async(None)).stop_reason == "cancelled"
    assert texts_of(results_of(agent)) == [
        "This call was started and did not come to an end; it may or may not have happened."
    ]
    assert RAN == ["pay"]


@in_a_loop
async def test_what_a_hook_adds_to_a_call_that_goes_on_follows_the_results() -> None:
    def adds(event: BeforeInvocationEvent) -> None:
        event.messages = [*(event.messages or []), {"role": "user", "content": [{"text": "be brief"}]}]

    agent = await cut_off()
    agent.add_hook(adds)
    result = await agent.invoke_async(None)
    assert (await agent.invoke_async(answers(result, "skip"))).stop_reason == "end_turn"
    parts = [next(iter(message["content"][0])) for message in agent.messages]
    assert parts == ["text", "toolUse", "toolResult", "text", "text"]
