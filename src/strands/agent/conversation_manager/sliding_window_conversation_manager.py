"""Where the Strands Agents SDK has it."""

from strands.agent.conversation_manager.sliding_window import SlidingWindowConversationManager

__all__ = ["SlidingWindowConversationManager"]
