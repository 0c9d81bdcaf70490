"""Where the Strands Agents SDK has it."""

from strands.agent.conversation_manager.summarizing import (
    DEFAULT_SUMMARIZATION_PROMPT,
    SummarizingConversationManager,
)

__all__ = ["DEFAULT_SUMMARIZATION_PROMPT", "SummarizingConversationManager"]
