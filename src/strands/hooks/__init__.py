"""Hooks: code that is told of, and may change, what an agent does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .events import (
    AfterInvocationEvent,
    AfterModelCallEvent,
    AfterToolCallEvent,
    AfterToolsEvent,
    AgentInitializedEvent,
    BeforeInvocationEvent,
    BeforeModelCallEvent,
    BeforeToolCallEvent,
    BeforeToolsEvent,
    MessageAddedEvent,
    MessageUpdatedEvent,
)
from .naming import qualified_name
from .registry import BaseHookEvent, HookCallback, HookEvent, HookOrder, HookProvider, HookRegistry

if TYPE_CHECKING:
    from .multi_agent_events import (
        AfterMultiAgentInvocationEvent,
        AfterNodeCallEvent,
        BeforeMultiAgentInvocationEvent,
        BeforeNodeCallEvent,
        MultiAgentInitializedEvent,
    )

__all__ = [
    "AfterInvocationEvent",
    "AfterModelCallEvent",
    "AfterMultiAgentInvocationEvent",
    "AfterNodeCallEvent",
    "AfterToolCallEvent",
    "AfterToolsEvent",
    "AgentInitializedEvent",
    "BaseHookEvent",
    "BeforeInvocationEvent",
    "BeforeModelCallEvent",
    "BeforeMultiAgentInvocationEvent",
    "BeforeNodeCallEvent",
    "BeforeToolCallEvent",
    "BeforeToolsEvent",
    "HookCallback",
    "HookEvent",
    "HookOrder",
    "HookProvider",
    "HookRegistry",
    "MessageAddedEvent",
    "MessageUpdatedEvent",
    "MultiAgentInitializedEvent",
    "qualified_name",
]


def __getattr__(name: str) -> Any:
    """Import the events of graphs and swarms when somebody asks for one."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import multi_agent_events

    return getattr(multi_agent_events, name)
