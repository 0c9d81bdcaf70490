"""Asking the model: hooks around it, retries, and a history that has become too long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from strands._tracking import all_bare
from strands.agent.conversation_manager.base import ConversationManager
from strands.hooks.events import AfterModelCallEvent, BeforeModelCallEvent
from strands.hooks.interruptible import is_awaited
from strands.hooks.registry import refusal
from strands.types.exceptions import ContextWindowOverflowException

from .context_size import projected_tokens
from .outcome import let_pass, place_of_reply
from .reply import ModelReply
from .reply_builder import ReplyBuilder

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands._core.invocation import Invocation
    from strands.event_loop.retry import ModelRetryStrategy
    from strands.models.model import Model

CANCELLED = "Cancelled by user"


class Kept:
    """What a model replied before the agent stopped to ask.

    Args:
        reply: The reply, or None.
        error: The error in its place, or None.
        judged: Hooks were told of it, and have let it pass.
    """

    __slots__ = ("error", "judged", "reply")

    def __init__(self, reply: ModelReply | None, error: Exception | None, judged: bool = False) -> None:
        self.reply: ModelReply | None = reply
        self.error: Exception | None = error
        self.judged: bool = judged


async def ask_model(invocation: Invocation, kept: Kept | None = None) -> ModelReply:
    """Ask the model once, more often if a retry strategy or a hook wants it, and return its reply.

    Args:
        invocation: The call of the agent.
        kept: What the model replied already.

    Raises:
        Stopped: Hooks ask.
        Exception: What the model raised last.
    """
    agent = invocation.agent
    while True:
        if kept is None:
            reply, error = await _before(invocation) if is_awaited(BeforeModelCallEvent, agent) else None, None
            if reply is None:
                try:
                    tracing = invocation.tracing
                    reply = await (_stream(invocation) if tracing is None else tracing.model_call(invocation, _stream))
                except Exception as raised:
                    error = raised
        else:
            reply, error = kept.reply, kept.error
        judged, kept = kept is not None and kept.judged, None
        if error is None and (judged or not is_awaited(AfterModelCallEvent, agent)):
            assert reply is not None
            if agent._retry_strategy is not None:
                agent._retry_strategy.succeeded()
            if invocation.route is not None:
                invocation.route.answered()
            return reply
        if await _again(invocation, reply, error):
            continue
        if error is not None and invocation.route is not None and await invocation.route.failed(error):
            continue
        if isinstance(error, ContextWindowOverflowException):
            await _shorten(agent, error)
            if agent._session_manager is not None:
                agent._session_manager.sync_agent(agent)  # what was taken out is not sent again after a crash
            continue
        if error is not None:
            raise error
        if invocation.route is not None:
            invocation.route.answered()
        assert reply is not None
        return reply


async def _model(invocation: Invocation) -> Model:
    """Return the model that answers: the agent's, or the one that its router chooses."""
    agent = invocation.agent
    router = agent._router
    if router is None or agent.model is not router.default_model:
        return agent.model
    if invocation.route is None:
        invocation.route = router.route(agent, invocation.state)
    return await invocation.route.model()


async def _before(invocation: Invocation) -> ModelReply | None:
    """Tell hooks that the model is about to be asked; return what stands for its reply, if they cancel that."""
    agent = invocation.agent
    tokens = await projected_tokens(agent)
    event = BeforeModelCallEvent(agent=agent, invocation_state=invocation.state, projected_input_tokens=tokens)
    _, raised = await agent.hooks.invoke_callbacks_async(event)
    let_pass(event, raised, lambda: {"then": "model"})
    text = refusal(event.cancel, "model call cancelled")
    invocation.tool_choice = event.tool_choice
    return _said(text) if text is not None else None


async def _shorten(agent: Host, error: Exception) -> None:
    manager = agent.conversation_manager
    waits = getattr(type(manager), "reduce_context_async", ConversationManager.reduce_context_async)
    if waits is ConversationManager.reduce_context_async:  # as of any object that has the one method
        manager.reduce_context(agent, e=error)
    else:
        await manager.reduce_context_async(agent, e=error)


def _tell_more(agent: Host, more: dict[str, Any]) -> None:
    """Tell a model of its user's what models of the Strands Agents SDK are told."""
    more.setdefault("model_state", dict(agent.model_state))
    _tell_session(agent, more)


def _tell_session(agent: Host, more: dict[str, Any]) -> None:
    from strands.agent.agent_metadata import AgentMetadata

    more["agent_metadata"] = AgentMetadata(session_id=getattr(agent._session_manager, "session_id", None))


async def _stream(invocation: Invocation) -> ModelReply:
    agent = invocation.agent
    if agent.cancellation.is_set():
        return _said(agent.cancellation.message or CANCELLED, "cancelled")
    structured = invocation.structured
    specs = agent.tool_registry.get_all_tool_specs()
    choice: Any = None
    if structured is not None:
        specs, choice = structured.tools(specs)
    more: dict[str, Any] = {"invocation_state": invocation.state, "cancel_signal": agent.cancellation}
    if structured is not None and choice is not None:
        more["structured_output_model"] = structured.tool.structured_output_model
    elif invocation.tool_choice is not None:
        choice = invocation.tool_choice
    text = None
    if agent._system_blocks is not None:
        text, more["system_prompt_content"] = agent._system_text, agent._system_blocks
    model = agent.model if agent._router is None else await _model(invocation)
    if getattr(model, "stateful", False):
        more["model_state"] = dict(agent.model_state)
    whole = getattr(model, "whole_messages", False) is True
    if not whole:
        _tell_more(agent, more)
    elif agent._session_manager is not None:
        _tell_session(agent, more)
    messages = agent.messages if whole else all_bare(agent.messages)
    stream = model.stream(messages, specs or None, text, tool_choice=choice, **more)
    invocation.asking = True
    try:
        reply = await ReplyBuilder(invocation).gather(stream)
    except asyncio.CancelledError:
        if not invocation.was_interrupted():
            raise
        return _said(agent.cancellation.message or CANCELLED, "cancelled")
    finally:
        invocation.asking = False
    if agent.cancellation.is_set():
        return _said(agent.cancellation.message or CANCELLED, "cancelled")
    reply.model_state = more.get("model_state")
    return reply


async def _again(invocation: Invocation, reply: ModelReply | None, error: Exception | None) -> bool:
    agent = invocation.agent
    response = AfterModelCallEvent.ModelStopResponse(reply.message, reply.stop_reason) if reply else None
    event = AfterModelCallEvent(agent=agent, invocation_state=invocation.state, stop_response=response, exception=error)
    _, raised = await agent.hooks.invoke_callbacks_async(event)
    let_pass(event, raised, lambda: place_of_reply(invocation, reply, error))
    strategy = agent._retry_strategy
    if strategy is not None and error is None:
        strategy.succeeded()
    elif strategy is not None and not event.retry:
        await _wait(invocation, strategy, event)
    if event.retry and reply is not None:  # forgotten, but paid for
        reply.count(agent.event_loop_metrics)
    return event.retry


async def _wait(invocation: Invocation, strategy: ModelRetryStrategy, event: AfterModelCallEvent[Host]) -> None:
    """Let the strategy wait; when the agent is cancelled meanwhile, the next try ends as cancelled at once."""
    invocation.asking = True
    try:
        await strategy.after_model_call(event)
        if event.retry and invocation.sink is not None:
            invocation.sink({"event_loop_throttled_delay": strategy.delay, **invocation.state})
    except asyncio.CancelledError:
        if not invocation.was_interrupted():
            raise
        event.retry = True
    finally:
        invocation.asking = False


def _said(text: str, stop_reason: Any = "end_turn") -> ModelReply:
    return ModelReply(
        {"role": "assistant", "content": [{"text": text}]},
        stop_reason,
        {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
        {"latencyMs": 0},
    )
