"""The history stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ContextWindowOverflowException

from .base import ConversationManager

if TYPE_CHECKING:
    from strands.agent.agent import Agent


class NullConversationManager(ConversationManager):
    """Never removes anything; a history that is too long stays an error."""

    def apply_management(self, agent: Agent, **kwargs: Any) -> None:
        """Do nothing."""

    def reduce_context(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        """Raise the error."""
        if e is not None:
            raise e
        raise ContextWindowOverflowException("the history is too long, and NullConversationManager removes nothing")
