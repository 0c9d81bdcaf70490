"""Where the Strands Agents SDK has it."""

from .base import ConversationManager, ProactiveCompressionConfig

__all__ = ["ConversationManager", "ProactiveCompressionConfig"]
