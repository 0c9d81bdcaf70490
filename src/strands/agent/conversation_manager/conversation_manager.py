"""Where the Strands Agents SDK has it."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of

from .base import ConversationManager, ProactiveCompressionConfig

__all__ = ["ConversationManager", "ProactiveCompressionConfig"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
