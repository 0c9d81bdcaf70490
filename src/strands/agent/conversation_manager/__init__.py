"""How a history is kept within what a model can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from .base import ConversationManager as ConversationManager
from .base import ProactiveCompressionConfig as ProactiveCompressionConfig
from .sliding_window import SlidingWindowConversationManager as SlidingWindowConversationManager

if TYPE_CHECKING:
    from .null import NullConversationManager as NullConversationManager
    from .summarizing import SummarizingConversationManager as SummarizingConversationManager
else:
    __getattr__, __dir__ = lazy(__name__)
