"""One invocation, from the hooks before it to those after it, and where it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._question_ids import PASSING
from strands._tracking import track_newest
from strands.hooks.events import AfterInvocationEvent, BeforeInvocationEvent
from strands.hooks.interruptible import check_taken, is_awaited, note_passed
from strands.hooks.registry import refusal

from . import loop, outcome, resume
from .messages import CANCELLED, tool_uses
from .model_call import Kept

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands._core.invocation import Invocation
    from strands.agent.result import AgentResult
    from strands.interrupt import InterruptState
    from strands.types.content import Message


async def once(invocation: Invocation, prompt: Any) -> tuple[AgentResult, Any]:
    """Work on a prompt, with hooks around it; return the result, and another prompt if hooks want to go on with one."""
    agent = invocation.agent
    agent.event_loop_metrics.reset_usage_metrics()
    if agent.messages and "tracking_id" not in agent.messages[-1]:
        track_newest(agent.messages)
    start = resume.begin(agent, prompt)
    result: AgentResult | None = None
    following: Any = None
    try:
        try:
            result = await _work(invocation, start)
        except outcome.Stopped as stop:
            result = outcome.rest(invocation, stop)
    finally:
        if not agent.turn.interrupts.activated:
            agent.conversation_manager.apply_management(agent)
        if is_awaited(AfterInvocationEvent, agent):
            result, following = await _over(invocation, result)
        elif agent.turn.interrupts.interrupts:
            _forget(agent.turn.interrupts, result)
    assert result is not None
    return result, following


async def _over(invocation: Invocation, result: AgentResult | None) -> tuple[AgentResult | None, Any]:
    """Tell hooks that an invocation is over; return the result, and the prompt to go on with, if they want that."""
    agent = invocation.agent
    state = agent.turn.interrupts
    ended = _is_end(state, result)
    if ended:
        state.forget(*PASSING)
    event = AfterInvocationEvent(agent=agent, invocation_state=invocation.state, result=result)
    rested: list[AgentResult] = []

    def stop() -> None:
        if ended and not rested and result is not None:
            rested.append(outcome.rest(invocation, outcome.Stopped(state.pending, outcome.place_of_end(result))))

    event.__dict__["_stop"] = stop
    _, raised = await agent.hooks.invoke_callbacks_async(event)
    asked = event.open_questions(raised)
    if result is not None and asked:
        if not rested:  # who asked went on as if nothing had happened, so it is not stored yet
            stop()
            resume.store(agent)
        return outcome.finish(invocation, "interrupt", result.message, state.pending), None
    if ended:
        check_taken(event)
    known = len(state.interrupts)
    _forget(state, result)
    if len(state.interrupts) != known:
        resume.store(agent)  # it was stored among these hooks, when questions of theirs were still to be kept
    return result, event.resume


def _is_end(state: InterruptState, result: AgentResult | None) -> bool:
    return result is not None and result.stop_reason != "interrupt" and not state.activated


def _forget(state: InterruptState, result: AgentResult | None) -> None:
    """Forget the questions that have served, or that nobody was told of."""
    if _is_end(state, result):
        state.interrupts = {}
    elif result is None and not state.activated:
        state.forget_unasked()


async def _work(invocation: Invocation, start: resume.Start) -> AgentResult:
    agent = invocation.agent
    state, messages = agent.turn.interrupts, start.messages
    if is_awaited(BeforeInvocationEvent, agent):
        event = BeforeInvocationEvent(agent=agent, invocation_state=invocation.state, messages=messages)
        try:
            _, raised = await agent.hooks.invoke_callbacks_async(event)
        except BaseException:
            start.refused()
            raise
        if not start.cancelled:
            outcome.let_pass(event, raised, start.where, start.turn)
        note_passed(event.consulted)
        messages = event.messages
        text = refusal(event.cancel, "invocation cancelled")
        if text is not None:
            reply: Message = {"role": "assistant", "content": [{"text": text}]}
            if start.turn is not None or start.place is not None or start.cancelled:
                start.refused()  # what is open stays open
                return outcome.finish(invocation, "end_turn", reply)
            await invocation.append(reply)
            return outcome.end(invocation, "end_turn", reply)
    if invocation.sink is not None:
        passed = {key: value for key, value in invocation.state.items() if key not in ("agent", "request_state")}
        invocation.sink({"init_event_loop": True, **passed})
    if start.cancelled:
        waiting = state.context.get("tool_use_message")
        await resume.abandon(agent, CANCELLED)
        if waiting is not None and messages is None:
            return outcome.finish(invocation, "cancelled", waiting)
    elif start.place is not None and start.place["then"] != "begin":
        return await _go_on(invocation, start.place)
    elif start.turn is None:
        state.activated = False
        await resume.repair(invocation)
    if start.turn is not None:
        await outcome.tell_again(invocation)
        outcome.stop_if_asked(invocation, "tools", start.turn)
        await _renew_tools(agent, start.turn.message)
        return await loop.run(invocation, start.turn, messages or ())
    agent.turn.open = None
    for message in messages or ():
        await invocation.append(message)
    return await loop.run(invocation)


async def _go_on(invocation: Invocation, place: Mapping[str, Any]) -> AgentResult:
    """Go on where hooks stopped the agent to ask; their questions are answered, or are asked again."""
    agent = invocation.agent
    await outcome.close_tools(invocation)
    agent.turn.open = None
    agent.turn.interrupts.context, agent.turn.interrupts.activated = {}, False
    await outcome.tell_again(invocation)
    if place["then"] == "end":
        if outcome.needs_reply(invocation, place):
            return await loop.run(invocation, kept=Kept(*outcome.outcome_of(place), judged=True))
        outcome.take_structure(invocation, place)
        return outcome.end(invocation, place["stop"], place["message"])
    kept = Kept(*outcome.outcome_of(place)) if place["then"] == "reply" else None
    return await loop.run(invocation, kept=kept)


async def _renew_tools(agent: Host, waiting: Message) -> None:
    for use in tool_uses(waiting):
        tool = agent.tool_registry.registry.get(use["name"])
        if tool is not None:
            await tool.renew()
