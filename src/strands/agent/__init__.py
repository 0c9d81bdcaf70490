"""The agent: a model, its tools, and the loop between them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.event_loop.retry import ModelRetryStrategy

    from .agent import Agent
    from .agent_metadata import AgentMetadata
    from .base import AgentBase
    from .conversation_manager import (
        ConversationManager,
        NullConversationManager,
        SlidingWindowConversationManager,
        SummarizingConversationManager,
    )
    from .result import AgentResult

_HOMES = {
    "Agent": ".agent",
    "AgentBase": ".base",
    "AgentMetadata": ".agent_metadata",
    "AgentResult": ".result",
    "ConversationManager": ".conversation_manager",
    "ModelRetryStrategy": "strands.event_loop.retry",
    "NullConversationManager": ".conversation_manager",
    "SlidingWindowConversationManager": ".conversation_manager",
    "SummarizingConversationManager": ".conversation_manager",
}

__all__ = [
    "Agent",
    "AgentBase",
    "AgentMetadata",
    "AgentResult",
    "ConversationManager",
    "ModelRetryStrategy",
    "NullConversationManager",
    "SlidingWindowConversationManager",
    "SummarizingConversationManager",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value
