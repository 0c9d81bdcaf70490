"""A call of an agent from the prompt to the result: one at a time, with hooks around it."""

from __future__ import annotations

import asyncio
import sys
import threading
import warnings
from collections import deque
from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from strands._tracking import all_bare
from strands.agent.result import AgentResult
from strands.handlers.callback_handler import null_callback_handler
from strands.hooks.events import AfterInvocationEvent, BeforeInvocationEvent
from strands.types.agent import ConcurrentInvocationMode, Limits
from strands.types.exceptions import ConcurrencyException, StructuredOutputException

from .invocation import Backpressure, Invocation, Sink, is_provider_named, tracing_if_collected
from .messages import to_messages
from .single_invocation import once

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands._core.host import Host
    from strands.types.content import Message

M = TypeVar("M")
NO_PARENT = ("", 0)
"""Stands in `Turn.parent_calls` for calls that are not a tool use of another agent."""


class Options:
    """What a caller gives besides the prompt."""

    __slots__ = (
        "cancel_signal",
        "invocation_state",
        "limits",
        "more",
        "structured_output_model",
        "structured_output_prompt",
    )

    def __init__(
        self,
        invocation_state: dict[str, Any] | None = None,
        structured_output_model: type[BaseModel] | None = None,
        structured_output_prompt: str | None = None,
        limits: Limits | None = None,
        more: dict[str, Any] | None = None,
        cancel_signal: threading.Event | None = None,
    ) -> None:
        self.invocation_state: dict[str, Any] | None = invocation_state
        self.structured_output_model: type[BaseModel] | None = structured_output_model
        self.structured_output_prompt: str | None = structured_output_prompt
        self.limits: Limits | None = limits
        self.more: dict[str, Any] | None = more
        self.cancel_signal: threading.Event | None = cancel_signal


NO_OPTIONS = Options()
"""Nothing besides the prompt; a call does not change it."""


async def call(
    agent: Host,
    prompt: Any,
    options: Options,
    sink: Sink | None,
    backpressure: Backpressure | None = None,
    *,
    as_tool: bool = False,
) -> AgentResult:
    """Work on a prompt and return the result; nobody else may call the agent meanwhile.

    Args:
        agent: The agent.
        prompt: What it is to work on.
        options: What its caller gives besides.
        sink: Takes events, or None.
        backpressure: Waits for a reader of the events, or None.
        as_tool: It works in a tool use of another agent, which holds its lock.
    """
    if options.limits is not None:
        _check_limits(options.limits)
    if options.more:
        _warn_of(options.more)
    exclusive = not as_tool and _enter(agent)
    try:
        if agent.turn.parent_calls and not as_tool:
            agent.turn.parent_calls = (*agent.turn.parent_calls, NO_PARENT)
        invocation = Invocation(agent, _state(agent, options), sink, _structured(agent, options), options.limits)
        invocation.backpressure = backpressure
        agent.turn.invocation = invocation
        if options.cancel_signal is None and not _is_observed():
            result, following = await once(invocation, prompt)
            while following is not None:  # an `AfterInvocationEvent` asked to go on with another prompt
                result, following = await once(invocation, following)
        elif options.cancel_signal is None:
            result = await _observed(invocation, prompt)
        else:
            from .caller_signals import cancelled_by

            async with cancelled_by(agent, options.cancel_signal):
                result = await _observed(invocation, prompt)
    except Exception as error:
        if sink is not None:
            sink({"force_stop": True, "force_stop_reason": str(error)})
        raise
    finally:
        agent.turn.invocation = None
        agent.cancellation.end()
        if exclusive:
            agent.turn.lock.release()
    if sink is not None:
        sink({"result": result})
    return result


def _warn_of(more: dict[str, Any]) -> None:
    """An argument that a call does not know is data for hooks and tools, or a misspelt one: say so."""
    names = ", ".join(map(repr, more))
    warnings.warn(
        f"{names} is not an argument of a call; it is added to invocation_state. Give it there, to say that it is "
        "meant: invocation_state={...}",
        stacklevel=4,
    )


def _check_limits(limits: Limits) -> None:
    known = Limits.__annotations__
    for name, value in limits.items():
        if name not in known:
            raise TypeError(f"limits: {name!r} is not recognized; it has {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise TypeError(f"limits[{name!r}] is {value!r}; it must be a whole number above 0")


def _enter(agent: Host) -> bool:
    """Take the agent for one caller; return whether it has to be given back."""
    if agent.concurrent_invocation_mode == ConcurrentInvocationMode.UNSAFE_REENTRANT:
        return False
    if not agent.turn.lock.acquire(blocking=False):
        raise ConcurrencyException(
            f"agent {agent.name!r} is at work for another caller: concurrent invocations would mix their histories; "
            "wait for it, or use one agent for each conversation"
        )
    return True


def _is_observed() -> bool:
    """Whether somebody may collect spans or figures; otherwise nothing of that is even imported."""
    return "opentelemetry" in sys.modules or is_provider_named()


async def _observed(invocation: Invocation, prompt: Any) -> AgentResult:
    """Work until hooks want no more, with spans and figures for whoever collects them."""
    invocation.trace_if_collected()
    tracing, figures = invocation.tracing, invocation.figures_if_collected()
    try:
        while True:
            if tracing is None:
                result, prompt = await once(invocation, prompt)
            else:
                result, prompt = await tracing.agent_call(invocation, prompt, once)
            if prompt is None:
                return result
    finally:
        if figures is not None:
            figures.record()


async def stream(agent: Host, prompt: Any, options: Options, token: Any = None) -> AsyncGenerator[dict[str, Any], None]:
    """Yield what the sink hears while the agent works in a task of its own.

    The task hardly runs ahead: who leaves or cancels at an event of a reply stops the reply and the tools it asks for.
    """
    events: deque[dict[str, Any]] = deque()
    handler = handler_sink(agent)
    new_future = asyncio.get_running_loop().create_future
    reader: asyncio.Future[None] | None = None  # set while everything is read and more is wanted
    writer: asyncio.Future[None] | None = None  # set while the task waits for that

    def sink(event: dict[str, Any]) -> None:
        if handler is not None:
            handler(event)
        events.append(event)
        wake(reader)

    async def backpressure(ahead: int) -> None:
        nonlocal writer
        while len(events) > ahead or (ahead == 0 and (reader is None or reader.done())):
            writer = new_future()
            await writer

    async def work() -> AgentResult:
        if token is None:
            return await call(agent, prompt, options, sink, backpressure)
        made = False

        async def own() -> AgentResult:
            nonlocal made
            made = True
            return await call(agent, prompt, options, sink, backpressure)

        from .caller_signals import tokens_of

        result = await tokens_of(agent).once(token, own)
        if not made:
            sink({"result": result})
        return result

    task = asyncio.ensure_future(work())
    task.add_done_callback(lambda _: wake(reader))
    try:
        while True:
            while events:
                yield events.popleft()
            if task.done():
                break
            reader = new_future()
            wake(writer)
            await reader
        task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


def wake(waiting: asyncio.Future[None] | None) -> None:
    """Let who waits go on, if anybody does."""
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def handler_sink(agent: Host) -> Sink | None:
    """Return what hands events to the agent's callback handler, or None when nobody listens."""
    handler = agent.callback_handler
    if handler is None or handler is null_callback_handler:
        return None
    return lambda event: handler(**event)


async def structure(agent: Host, model: type[M], prompt: Any) -> M:
    """Return what the model itself makes of the history and a prompt; neither is changed.

    Raises:
        ConcurrencyException: The agent is at work for another caller.
        RuntimeError: The agent waits for answers to interrupts.
        ValueError: There is neither a prompt nor a history.
        StructuredOutputException: The model did not produce an instance of `model`.
    """
    if agent.turn.interrupts.activated:
        raise RuntimeError(
            "structured output cannot be asked for while the agent waits for answers to interrupts; answer them or "
            "call agent.abandon_interrupts()"
        )
    messages = all_bare([*agent.messages, *to_messages(prompt)])
    if not messages:
        raise ValueError("there is neither a prompt nor a history to answer; give a prompt")
    exclusive = _enter(agent)
    hooks, state = agent.hooks, {"agent": agent}
    try:
        if hooks.listens(BeforeInvocationEvent):
            await _told(agent, BeforeInvocationEvent(agent=agent, invocation_state=state))
        return await _produced(agent, model, messages)
    finally:
        try:
            if hooks.listens(AfterInvocationEvent):
                await _told(agent, AfterInvocationEvent(agent=agent, invocation_state=state))
        finally:
            if exclusive:
                agent.turn.lock.release()


async def _told(agent: Host, event: BeforeInvocationEvent[Host] | AfterInvocationEvent[Host]) -> None:
    """Tell hooks of an event at which nothing can wait.

    Raises:
        RuntimeError: They ask.
    """
    _, raised = await agent.hooks.invoke_callbacks_async(event)
    asked = event.open_questions(raised)
    if asked:
        agent.turn.interrupts.forget_unasked()
        raise RuntimeError(
            f"a hook asks {asked[0].name!r}, but structured_output cannot wait for an answer; call the agent with "
            "structured_output_model=... instead"
        )


async def _produced(agent: Host, model: type[M], messages: list[Message]) -> M:
    from strands.models.structured import output_of

    tracing, sink = tracing_if_collected(), handler_sink(agent)
    tell = None
    if sink is not None:
        from .listening import teller_of

        tell = teller_of(sink)
    work = partial(output_of, agent.model, model, messages, agent._system_text, tell)
    found = await (work() if tracing is None else tracing.structure(agent, messages, work))
    if found is None:
        raise StructuredOutputException(f"the model produced no {model.__name__!r}")
    return found


def _state(agent: Host, options: Options) -> dict[str, Any]:
    state = options.invocation_state if options.invocation_state is not None else {}
    if options.more:
        state.update(options.more)
    state["agent"] = agent
    state.setdefault("request_state", {})
    return state


def _structured(agent: Host, options: Options) -> Any:
    model = options.structured_output_model or agent._structured_output_model
    if model is None:
        return None
    if not hasattr(model, "model_json_schema"):
        raise ValueError(f"structured_output_model {model!r} must be a pydantic model: a class that extends BaseModel")
    from .structured_output import StructuredOutput

    return StructuredOutput(model, options.structured_output_prompt or agent._structured_output_prompt)
