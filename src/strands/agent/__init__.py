"""The agent: a model, its tools, and the loop between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from strands.event_loop.retry import ModelRetryStrategy as ModelRetryStrategy

    from .agent import Agent as Agent
    from .agent_metadata import AgentMetadata as AgentMetadata
    from .base import AgentBase as AgentBase
    from .conversation_manager import ConversationManager as ConversationManager
    from .conversation_manager import NullConversationManager as NullConversationManager
    from .conversation_manager import SlidingWindowConversationManager as SlidingWindowConversationManager
    from .conversation_manager import SummarizingConversationManager as SummarizingConversationManager
    from .result import AgentResult as AgentResult
else:
    __getattr__, __dir__ = lazy(__name__)
