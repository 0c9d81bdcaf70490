"""Where the Strands Agents SDK has it."""

from strands.agent.conversation_manager.null import NullConversationManager

__all__ = ["NullConversationManager"]
