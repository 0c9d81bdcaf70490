"""Where the Strands Agents SDK has it."""

from strands.agent.conversation_manager.summarizing import SummarizingConversationManager

__all__ = ["SummarizingConversationManager"]
