"""How a history is kept within what a model can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import ConversationManager, ProactiveCompressionConfig
from .sliding_window import SlidingWindowConversationManager

if TYPE_CHECKING:
    from .null import NullConversationManager
    from .summarizing import SummarizingConversationManager

_HOMES = {"NullConversationManager": "null", "SummarizingConversationManager": "summarizing"}

__all__ = [
    "ConversationManager",
    "NullConversationManager",
    "ProactiveCompressionConfig",
    "SlidingWindowConversationManager",
    "SummarizingConversationManager",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
