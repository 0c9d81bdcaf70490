"""Where the Strands Agents SDK has it."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of
from strands.agent.conversation_manager.null import NullConversationManager

__all__ = ["NullConversationManager"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
