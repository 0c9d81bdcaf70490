"""The typed events of agents, graphs and swarms: dictionaries whose keys the listeners of the SDK know."""

from __future__ import annotations

from typing import Any

import pytest

from strands.interrupt import Interrupt
from strands.types import _events as events
from strands.types.events import TypedEvent

USE: Any = {"toolUseId": "t1", "name": "pay", "input": {}}
DELTA: Any = {"text": "Hi"}
MESSAGE: Any = {"role": "assistant", "content": [{"text": "Hi"}]}
ASKED = Interrupt(id="i1", name="approval")
RESULT: Any = object()


@pytest.mark.parametrize(
    ("event", "keys"),
    [
        (events.InitEventLoopEvent(), {"init_event_loop": True}),
        (events.StartEvent(), {"start": True}),
        (events.StartEventLoopEvent(), {"start_event_loop": True}),
        (events.ModelStreamChunkEvent({"messageStart": {"role": "assistant"}}), {"event": {"messageStart": {}}}),
        (events.TextStreamEvent(DELTA, "Hi"), {"data": "Hi", "delta": DELTA}),
        (events.ToolUseStreamEvent(DELTA, USE), {"type": "tool_use_stream", "current_tool_use": USE}),
        (events.CitationStreamEvent(DELTA, {}), {"citation": {}, "delta": DELTA}),
        (events.ReasoningTextStreamEvent(DELTA, "hm"), {"reasoningText": "hm", "reasoning": True}),
        (events.ReasoningSignatureStreamEvent(DELTA, "s"), {"reasoning_signature": "s", "reasoning": True}),
        (events.ReasoningRedactedContentStreamEvent(DELTA, b"r"), {"reasoningRedactedContent": b"r"}),
        (events.StructuredOutputEvent(RESULT), {"structured_output": RESULT}),
        (events.EventLoopThrottleEvent(delay=4), {"event_loop_throttled_delay": 4}),
        (events.ToolCancelEvent(USE, "no"), {"tool_cancel_event": {"tool_use": USE, "message": "no"}}),
        (events.ModelMessageEvent(MESSAGE), {"message": MESSAGE}),
        (events.ToolResultMessageEvent(MESSAGE), {"message": MESSAGE}),
        (events.ForceStopEvent(ValueError("bad")), {"force_stop": True, "force_stop_reason": "bad"}),
        (events.AgentResultEvent(RESULT), {"result": RESULT}),
        (events.MultiAgentResultEvent(RESULT), {"type": "multiagent_result", "result": RESULT}),
        (events.MultiAgentNodeStartEvent("n", "agent"), {"type": "multiagent_node_start", "node_type": "agent"}),
        (events.MultiAgentNodeStopEvent("n", RESULT), {"type": "multiagent_node_stop", "node_result": RESULT}),
        (events.MultiAgentHandoffEvent(["a"], ["b"], "go"), {"type": "multiagent_handoff", "message": "go"}),
        (events.MultiAgentNodeStreamEvent("n", {"data": "x"}), {"node_id": "n", "event": {"data": "x"}}),
        (events.MultiAgentNodeCancelEvent("n", "no"), {"type": "multiagent_node_cancel", "message": "no"}),
        (events.MultiAgentNodeInterruptEvent("n", [ASKED]), {"node_id": "n", "interrupts": [ASKED]}),
    ],
)
def test_an_event_has_its_keys_and_is_told(event: TypedEvent, keys: dict[str, Any]) -> None:
    assert event.as_dict().keys() >= keys.keys()
    assert {key: event[key] for key in keys if key != "event"} == {key: keys[key] for key in keys if key != "event"}
    assert event.is_callback_event


def test_a_handoff_without_a_message_has_none() -> None:
    assert events.MultiAgentHandoffEvent(["a"], ["b"]) == {
        "type": "multiagent_handoff",
        "from_node_ids": ["a"],
        "to_node_ids": ["b"],
    }


def test_what_an_event_says_can_be_read_as_attributes() -> None:
    chunk: Any = {"messageStart": {"role": "assistant"}}
    assert events.ModelStreamChunkEvent(chunk).chunk == chunk
    assert events.MultiAgentNodeInterruptEvent("n", [ASKED]).interrupts == [ASKED]
    cancelled = events.ToolCancelEvent(USE, "no")
    assert (cancelled.tool_use_id, cancelled.message) == ("t1", "no")
    inner = events.AgentAsToolStreamEvent(USE, {"data": "x"}, RESULT)
    assert inner.agent_as_tool is RESULT


def test_the_end_of_a_loop_is_for_its_caller_alone() -> None:
    metrics: Any = object()
    stop = events.EventLoopStopEvent("end_turn", MESSAGE, metrics, {}, structured_output=RESULT)
    assert stop["stop"] == ("end_turn", MESSAGE, metrics, {}, None, RESULT, None)
    assert not stop.is_callback_event


@pytest.mark.parametrize(
    "event", [events.InitEventLoopEvent(), events.EventLoopThrottleEvent(delay=1), events.TextStreamEvent(DELTA, "Hi")]
)
def test_some_events_bear_what_the_caller_passed_along(event: TypedEvent) -> None:
    event.prepare({"user": "ada"})
    assert event["user"] == "ada"


def test_a_piece_that_says_nothing_is_not_told() -> None:
    nothing = events.ModelStreamEvent({})
    nothing.prepare({"user": "ada"})
    assert not nothing.is_callback_event
    assert nothing == {}
