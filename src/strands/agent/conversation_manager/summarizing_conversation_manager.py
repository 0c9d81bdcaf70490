"""Where the Strands Agents SDK has it."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of

from .compression.context_compression import DEFAULT_SUMMARIZATION_PROMPT
from .summarizing import SummarizingConversationManager

__all__ = ["DEFAULT_SUMMARIZATION_PROMPT", "SummarizingConversationManager"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
