"""From an intervention's decision to what happens to the event."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from strands._tracking import track
from strands.hooks.events import (
    AfterModelCallEvent,
    AfterToolCallEvent,
    BeforeInvocationEvent,
    BeforeModelCallEvent,
    BeforeToolCallEvent,
)
from strands.hooks.registry import HookOrder, ReverseOrder

from .actions import Action, Confirm, Deny, Guide, Proceed, Transform
from .handler import InterventionHandler

if TYPE_CHECKING:
    from strands.hooks.registry import HookRegistry
    from strands.types.content import Message

logger: logging.Logger = logging.getLogger(__name__)
_EVENTS: dict[str, type[Any]] = {
    "before_invocation": BeforeInvocationEvent,
    "before_tool_call": BeforeToolCallEvent,
    "after_tool_call": AfterToolCallEvent,
    "before_model_call": BeforeModelCallEvent,
    "after_model_call": AfterModelCallEvent,
}


def register(handlers: Sequence[InterventionHandler], registry: HookRegistry) -> None:
    """Let handlers decide about an agent's events, in the order given; the first that denies ends it, and
    wins over what others advise.

    Raises:
        ValueError: Two handlers have one name.
    """
    names = [handler.name for handler in handlers]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two interventions are named {name!r}; each needs its own name")
    for method, event_type in _EVENTS.items():
        wanted = [each for each in handlers if _overrides(each, method)]
        if wanted and event_type is BeforeToolCallEvent:
            registry.add_gate(partial(_decide, wanted, method), deciders=wanted)
        elif wanted:
            registry.add_callback(event_type, partial(_decide, wanted, method), order=_last(event_type))


class InterventionRegistry:
    """Handlers that decide about the events of one agent; see `register`.

    Args:
        handlers: The handlers, in order.
        hook_registry: The agent's callbacks.
    """

    def __init__(self, handlers: Sequence[InterventionHandler], hook_registry: HookRegistry) -> None:
        self.handlers: list[InterventionHandler] = list(handlers)
        register(self.handlers, hook_registry)


def _last(event_type: type[Any]) -> float:
    """After all hooks of the agent: callbacks of an event that ends something run in reverse."""
    return HookOrder.INTERVENTION_OUTPUT if issubclass(event_type, ReverseOrder) else HookOrder.INTERVENTION_INPUT


def _overrides(handler: InterventionHandler, method: str) -> bool:
    return getattr(type(handler), method) is not getattr(InterventionHandler, method)


async def _decide(handlers: Sequence[InterventionHandler], method: str, event: Any) -> None:
    guidance: list[str] = []
    for handler in handlers:
        action = await _action(handler, method, event)
        if isinstance(action, Transform):
            action = _transformed(handler, action, event)
        if isinstance(action, Guide):
            guidance.append(f"[{handler.name}] {action.feedback}")
        elif _ended(handler, action, event):
            return
    if guidance:
        _guide("\n".join(guidance), event)


async def _action(handler: InterventionHandler, method: str, event: Any) -> Action:
    look: Callable[..., Action | Awaitable[Action]] = getattr(handler, method)
    try:
        decision = look(event)
        return await decision if isinstance(decision, Awaitable) else decision
    except Exception as error:
        return _instead(handler, error)


def _transformed(handler: InterventionHandler, action: Transform, event: Any) -> Action:
    try:
        action.apply(event)
    except Exception as error:
        return _instead(handler, error)
    return Proceed()


def _instead(handler: InterventionHandler, error: Exception) -> Action:
    """Return what stands in for the decision of a handler that failed; "throw" raises the error on."""
    if handler.on_error == "proceed":
        return Proceed()
    if handler.on_error == "deny":
        return Deny(reason=f"{handler.name} failed: {error}")
    raise error


def _ended(handler: InterventionHandler, action: Action, event: Any) -> bool:
    """Carry an action out; return whether nothing else is to be decided."""
    if isinstance(action, Proceed):
        return False
    if isinstance(action, Confirm):
        return _confirm(handler, action, event)
    if isinstance(action, Deny):
        return _stop(handler, f"DENIED: {action.reason}", event)
    raise TypeError(f"{handler.name!r} decided {action!r}; it must be Proceed, Deny, Guide, Confirm or Transform")


def _confirm(handler: InterventionHandler, action: Confirm, event: Any) -> bool:
    if not isinstance(event, (BeforeToolCallEvent, BeforeInvocationEvent, BeforeModelCallEvent)):
        return _in_vain(handler, "Confirm", event)
    answer = action.response
    if answer is None:
        answer = event.interrupt(handler.name, reason=action.prompt)
    if action.evaluate is None or action.evaluate(answer):
        return False
    return _stop(handler, f"CONFIRMATION_FAILED: {action.prompt}", event)


def _guide(text: str, event: Any) -> None:
    if isinstance(event, (BeforeModelCallEvent, AfterModelCallEvent)):
        message: Message = {"role": "user", "content": [{"text": text}]}
        track(message)
        event.agent.messages.append(message)
        if isinstance(event, AfterModelCallEvent):
            event.retry = True
    elif isinstance(event, BeforeToolCallEvent):
        event.cancel_tool = f"GUIDANCE: {text}"
    elif isinstance(event, BeforeInvocationEvent):
        event.cancel = f"GUIDANCE: {text}"
    else:
        logger.warning("%s is over, so guidance has no effect on it: %s", type(event).__name__, text)


def _stop(handler: InterventionHandler, text: str, event: Any) -> bool:
    if isinstance(event, BeforeToolCallEvent):
        event.cancel_tool = text
    elif isinstance(event, (BeforeModelCallEvent, BeforeInvocationEvent)):
        event.cancel = text
    else:
        return _in_vain(handler, "Deny", event)
    return True


def _in_vain(handler: InterventionHandler, action: str, event: Any) -> bool:
    logger.warning("%s by %r has no effect on %s", action, handler.name, type(event).__name__)
    return False
