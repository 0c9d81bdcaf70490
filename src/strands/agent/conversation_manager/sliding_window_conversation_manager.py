"""Where the Strands Agents SDK has it."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of
from strands.agent.conversation_manager.sliding_window import SlidingWindowConversationManager

__all__ = ["SlidingWindowConversationManager"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
