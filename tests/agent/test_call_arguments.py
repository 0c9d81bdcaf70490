"""What a call takes: a signal to cancel it, a token that makes it once; what it does not know is said."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, ModelRetryStrategy, tool
from strands.hooks import HookRegistry
from strands.models.routing import ModelRouter, RoutingCandidate, RoutingContext
from strands.models.scripted import Reply, ScriptedModel, ToolCall


def agent_of(*script: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(list(script)), callback_handler=None, **options)


def test_a_signal_that_is_set_cancels_the_call_and_is_left_as_it_is() -> None:
    signal = threading.Event()
    signal.set()
    agent = agent_of("never said", "said")
    assert agent("go", cancel_signal=signal).stop_reason == "cancelled"
    assert signal.is_set()
    assert agent("go", cancel_signal=threading.Event()).stop_reason == "end_turn"


def test_a_signal_that_is_set_from_another_thread_cancels_the_call() -> None:
    signal = threading.Event()
    agent = Agent(model=ScriptedModel(["late"], delay=30), callback_handler=None)
    threading.Timer(0.1, signal.set).start()
    assert agent("go", cancel_signal=signal).stop_reason == "cancelled"


def test_calls_of_one_token_are_made_once() -> None:
    agent = Agent(model=ScriptedModel(["one"], delay=0.2), callback_handler=None)

    async def main() -> list[Any]:
        return await asyncio.gather(*(agent.invoke_async("pay", idempotency_token="t") for _ in range(5)))

    results = asyncio.run(main())
    assert len({id(result) for result in results}) == 1
    assert len(agent.messages) == 2


def test_a_stream_of_a_token_under_way_ends_with_its_result() -> None:
    agent = Agent(model=ScriptedModel(["one"], delay=0.2), callback_handler=None)

    async def main() -> list[Any]:
        async def events() -> list[Any]:
            return [event async for event in agent.stream_async("pay", idempotency_token="t")]

        call = asyncio.ensure_future(agent.invoke_async("pay", idempotency_token="t"))
        await asyncio.sleep(0)
        found = await events()
        return [found, await call]

    events, result = asyncio.run(main())
    assert [event["result"] for event in events] == [result]


def test_who_waits_for_a_call_that_fails_gets_its_error() -> None:
    agent = Agent(model=ScriptedModel([ValueError("broken")], delay=0.2), callback_handler=None)

    async def main() -> list[Any]:
        calls = (agent.invoke_async("pay", idempotency_token="t") for _ in range(2))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert [str(each) for each in asyncio.run(main())] == ["broken", "broken"]


def test_an_argument_that_a_call_does_not_know_is_said() -> None:
    with pytest.warns(UserWarning, match="'cancel_sigal' is not an argument of a call"):
        agent_of("x")("q", cancel_sigal=threading.Event())


@pytest.mark.parametrize("events", [[], (), [str, int], "BeforeToolCallEvent", [None]])
def test_a_callback_for_no_event_is_refused(events: Any) -> None:
    with pytest.raises(ValueError, match=r"never run|is not an event"):
        HookRegistry().add_callback(events, lambda event: None)


@pytest.mark.parametrize("reason", ["guardrail_intervened", "content_filtered"])
def test_a_blocked_reply_ends_a_call_that_wants_a_structure(reason: Any) -> None:
    class Out(BaseModel):
        n: int

    model = ScriptedModel([Reply(text="No.", stop_reason=reason)] * 2)
    result = Agent(model=model, callback_handler=None)("x", structured_output_model=Out)
    assert (result.stop_reason, len(model.requests), result.structured_output) == (reason, 1, None)


def test_a_strategy_that_offers_the_failed_model_again_ends() -> None:
    class Prefer:
        async def select(self, context: RoutingContext, **kwargs: Any) -> RoutingCandidate:
            return context.candidates[0]

    calls: list[int] = []

    def down(messages: Any) -> Any:
        calls.append(1)
        raise ValueError("down")

    router = ModelRouter(
        models=[RoutingCandidate(ScriptedModel(down)), RoutingCandidate(ScriptedModel(["ok"]))], strategy=Prefer()
    )
    strategy = ModelRetryStrategy(max_attempts=2, initial_delay=0)
    with pytest.raises(ValueError, match="down"):
        Agent(model=router, retry_strategy=strategy, callback_handler=None)("hi")
    assert len(calls) <= 2


def test_who_leaves_a_stream_at_the_results_pays_for_no_further_call() -> None:
    @tool
    def echo(text: str = "") -> str:
        """Echo."""
        return text

    model = ScriptedModel([ToolCall("echo", {}), "again"])
    agent = Agent(model=model, tools=[echo], callback_handler=None)

    async def main() -> None:
        stream = agent.stream_async("x")
        async for event in stream:
            if "toolResult" in str(event.get("message")):
                break
        await stream.aclose()

    asyncio.run(main())
    assert len(model.requests) == 1


VALUES = [
    {"status": 200, "content": ["<html>"]},
    {"status": "ok", "content": "text"},
    {"content": [1]},
    {"status": "success", "content": [{"unknown": 1}]},
    {"status": "success", "content": [{"text": 5}]},
    {"status": "error"},
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_what_merely_looks_like_a_tool_result_is_data(value: dict[str, Any]) -> None:
    @tool
    def get() -> dict[str, Any]:
        """Get."""
        return value

    agent = agent_of(ToolCall("get", {}), "end", tools=[get])
    agent("go")
    result: Any = agent.messages[2]["content"][0]["toolResult"]
    assert result["status"] == "success"
    assert len(result["content"]) == 1
