"""The loop: ask the model, run its tools, until it stops."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from strands._core.recorder import OpenTurn
from strands._ids import new_id, new_uuid
from strands._question_ids import MESSAGE_ADDED, PASSING
from strands.hooks.events import AfterToolsEvent, BeforeToolsEvent
from strands.hooks.interruptible import is_awaited, key_of_message
from strands.types.exceptions import (
    EventLoopException,
    MaxTokensReachedException,
    ModelError,
    SessionException,
    StructuredOutputException,
)

from . import malformed, tool_hooks
from .messages import CANCELLED, result_message, tool_uses, with_ambiguous
from .model_call import ask_model
from .outcome import end, finish, stop_if_asked
from .tool_batch import ToolBatch

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands._core.invocation import Invocation
    from strands._core.model_call import Kept
    from strands._core.reply import ModelReply
    from strands.agent.result import AgentResult
    from strands.interrupt import Interrupt
    from strands.telemetry.metrics import Trace
    from strands.types.content import Message
    from strands.types.event_loop import StopReason

CUT_OFF = (
    "The model stopped at its token limit. What it said so far is in the history; call the agent again to go on, or "
    "raise the model's max_tokens."
)

_AS_THEY_ARE = (
    EventLoopException,
    MaxTokensReachedException,
    ModelError,
    SessionException,
    StructuredOutputException,
)


_ENDS_WITHOUT_STRUCTURE = ("cancelled", "guardrail_intervened", "content_filtered", "refusal")
"""Stop reasons after which a model is not asked for the structure: it was stopped, or it will not answer."""


async def run(
    invocation: Invocation, turn: OpenTurn | None = None, then: Iterable[Message] = (), kept: Kept | None = None
) -> AgentResult:
    """Work on the history until the agent stops.

    Args:
        invocation: The call of the agent.
        turn: Where to go on, when tools of an earlier message are unfinished.
        then: Messages to add behind the results of these.
        kept: What the model replied before the agent stopped to ask, if it has.

    Returns:
        What it came to.

    Raises:
        MaxTokensReachedException: The model hit its token limit.
        Stopped: Hooks ask.
        Exception: What the model or a hook raised during the first model call.
        EventLoopException: Around what a hook or an untyped model raised later.
    """
    agent = invocation.agent
    metrics = agent.event_loop_metrics
    under_way = turn is not None
    while True:
        if turn is None:
            if invocation.asked:
                stop_if_asked(invocation, "model")
            stopped = _limit(invocation) if invocation.limits and kept is None else None
            if stopped is not None:
                return finish(invocation, stopped, agent.messages[-1])
        start, trace = metrics.start_cycle()
        invocation.state["event_loop_cycle_id"] = new_uuid()
        if invocation.sink is not None:
            invocation.sink({"start": True})
            invocation.sink({"start_event_loop": True})
        try:
            if turn is None:
                reply = await _ask(invocation, trace, kept)
                kept = None
                if reply.stop_reason != "tool_use":
                    result = await _without_tools(invocation, reply)
                    if result is not None:
                        return result
                    _announce(invocation)
                    continue
                turn = OpenTurn(message=reply.message)
                if invocation.asked:
                    stop_if_asked(invocation, "tools", turn)
            under_way = True
            if invocation.backpressure is not None:
                await invocation.backpressure(0)
            result = await _run_tools(invocation, turn, trace)
            if result is not None:
                return result
            for message in then:
                await invocation.append(message)
            turn, then = None, ()
            _announce(invocation)
            if invocation.backpressure is not None:
                await invocation.backpressure(0)  # who leaves the stream at the results pays for no further call
        except Exception as error:
            if not under_way or isinstance(error, _AS_THEY_ARE):
                raise
            raise EventLoopException(error, invocation.request_state) from error
        finally:
            metrics.end_cycle(start, trace)


async def _without_tools(invocation: Invocation, reply: ModelReply) -> AgentResult | None:
    """Return what the invocation came to, or None where the model was asked for something more."""
    if reply.stop_reason == malformed.STOP:
        await invocation.append(malformed.request(), tell=True)
        return None
    if invocation.structured is not None and _wants_structure(invocation, reply):
        await _request_structure(invocation)
        return None
    return end(invocation, reply.stop_reason, reply.message, reply)


async def _ask(invocation: Invocation, trace: Trace, kept: Kept | None) -> ModelReply:
    agent = invocation.agent
    invocation.turns += kept is None
    call = trace.begin("stream_messages")
    reply = await ask_model(invocation, kept)
    call.message = reply.message
    call.end()
    reply.count(agent.event_loop_metrics)
    if reply.stop_reason == "max_tokens":
        _close_tool_uses(reply.message)
    if reply.stop_reason != "end_turn":  # then it holds no tool use
        malformed.check(agent.messages, reply)
    if reply.model_state is not None:
        agent.model_state = reply.model_state
    message = reply.message
    message["metadata"] = {"usage": reply.usage, "metrics": reply.metrics}
    if "tracking_id" not in message:
        message["tracking_id"] = new_id()
    if agent.recorder is not None:
        await agent.recorder.replied(message, reply.stop_reason, reply.usage)
    if agent.turn.interrupts.interrupts:
        agent.turn.interrupts.forget(*PASSING, but=f"{MESSAGE_ADDED}{key_of_message(message)}:")
    await invocation.append(message, tell=True)
    if reply.stop_reason == "max_tokens":
        raise MaxTokensReachedException(CUT_OFF)
    return reply


async def _run_tools(invocation: Invocation, turn: OpenTurn, trace: Trace) -> AgentResult | None:
    agent = invocation.agent
    batch = ToolBatch(invocation, turn, trace, recorder=agent.recorder)
    ending = None
    try:
        agent.turn.open = None  # not before: whatever ends this call, an ambiguous tool use stays one
        interrupts = await tool_hooks.before(batch) if is_awaited(BeforeToolsEvent, agent) else []
        asked_before = bool(interrupts)
        interrupts = interrupts or await batch.run()
        cancelled = agent.cancellation.is_wanted
        asks = bool(interrupts) and not cancelled
        told = with_ambiguous(batch.results, turn.started) if turn.started else batch.results
        results = tool_hooks.so_far(batch) if asks else result_message(turn.message, told, CANCELLED)
        if not asked_before and is_awaited(AfterToolsEvent, agent):
            ending, more = await tool_hooks.after(batch, results)
            interrupts, asks = [*interrupts, *more], (asks or bool(more)) and not cancelled
    except BaseException:
        _keep(agent, batch)
        raise
    if asks:
        return _pause(invocation, batch, interrupts)
    agent.turn.interrupts.end_tools()
    structured = invocation.structured
    structure = structured.value if structured is not None and not cancelled else None
    if structure is not None and invocation.sink is not None:
        invocation.sink({"structured_output": structure})
    await invocation.append(results, tell=True)
    if cancelled:
        invocation.asked = ()
        return finish(invocation, "cancelled", await _last_words(invocation) or turn.message)
    if ending is not None:
        await invocation.append(ending)
        return end(invocation, "end_turn", ending)
    if structure is not None or invocation.state.get("request_state", {}).get("stop_event_loop"):
        return end(invocation, "tool_use", turn.message)
    if structured is not None:
        structured.check_tries()
    return None


async def _last_words(invocation: Invocation) -> Message | None:
    """Say what the agent was cancelled with, if that was a message."""
    text = invocation.agent.cancellation.message
    if text is None:
        return None
    message: Message = {"role": "assistant", "content": [{"text": text}]}
    await invocation.append(message, tell=True)
    return message


def _keep(agent: Host, batch: ToolBatch) -> None:
    """Something went wrong among the tools: what finished stays finished, what was only started is ambiguous."""
    agent.turn.open = batch.cut_off()
    if agent.turn.interrupts.activated:
        agent.turn.interrupts.context["tool_results"] = list(batch.results.values())


def _pause(invocation: Invocation, batch: ToolBatch, interrupts: list[Interrupt]) -> AgentResult:
    results = [batch.results[use["toolUseId"]] for use in tool_uses(batch.message) if use["toolUseId"] in batch.results]
    agent = invocation.agent
    state = agent.turn.interrupts
    known = {interrupt.id: interrupt for interrupt in state.interrupts.values()}
    # What is open is listed in the order of the calls, not in that in which their questions arrived.
    state.interrupts = {id: each for id, each in known.items() if each.answered}
    state.interrupts |= {interrupt.id: known.get(interrupt.id, interrupt) for interrupt in interrupts}
    state.activate(batch.message, results)
    if agent.turn.parent_calls:
        state.context["pause"] = uuid.uuid4().hex  # an answer that comes down is for one pause
    agent.turn.open = batch.turn
    return finish(invocation, "interrupt", batch.message, interrupts)


def _announce(invocation: Invocation) -> None:
    """Another cycle follows."""
    if invocation.sink is not None:
        invocation.sink({"start": True})


def _limit(invocation: Invocation) -> StopReason | None:
    limits = invocation.limits
    latest = invocation.agent.event_loop_metrics.latest_agent_invocation
    usage: Any = latest.usage if latest else {}
    if "turns" in limits and invocation.turns >= limits["turns"]:
        return "limit_turns"
    if "total_tokens" in limits and usage.get("totalTokens", 0) >= limits["total_tokens"]:
        return "limit_total_tokens"
    if "output_tokens" in limits and usage.get("outputTokens", 0) >= limits["output_tokens"]:
        return "limit_output_tokens"
    return None


def _wants_structure(invocation: Invocation, reply: ModelReply) -> bool:
    structured = invocation.structured
    if structured is None or reply.stop_reason in _ENDS_WITHOUT_STRUCTURE:
        return False
    if structured.value is None and structured.take(reply.message):
        if invocation.sink is not None:
            invocation.sink({"structured_output": structured.value})
        return False
    return structured.must_force()


async def _request_structure(invocation: Invocation) -> None:
    assert invocation.structured is not None
    await invocation.append(invocation.structured.request())


def _close_tool_uses(message: Message) -> None:
    """A reply that was cut off may hold half a tool use; it must not be run or sent back."""
    for index, block in enumerate(message["content"]):
        if "toolUse" in block:
            name = block["toolUse"]["name"]
            message["content"][index] = {"text": f"The call of tool {name!r} was cut off at the token limit."}
    if not message["content"]:
        message["content"].append({"text": "The reply was cut off at the token limit."})
