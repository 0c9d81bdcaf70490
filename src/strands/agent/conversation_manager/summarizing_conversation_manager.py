"""Where the Strands Agents SDK has it."""

from .compression.context_compression import DEFAULT_SUMMARIZATION_PROMPT
from .summarizing import SummarizingConversationManager

__all__ = ["DEFAULT_SUMMARIZATION_PROMPT", "SummarizingConversationManager"]
