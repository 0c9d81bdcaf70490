"""Where the Strands Agents SDK has it."""

from strands.agent.conversation_manager.base import ConversationManager

__all__ = ["ConversationManager"]
