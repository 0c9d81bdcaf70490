"""The history stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import ConversationManager

if TYPE_CHECKING:
    from strands._core.host import Host


class NullConversationManager(ConversationManager):
    """Never removes anything; a history that is too long stays an error."""

    def apply_management(self, agent: Host, **kwargs: Any) -> None:
        """Do nothing."""

    def reduce_context(self, agent: Host, e: Exception | None = None, **kwargs: Any) -> None:
        """Raise the error; do nothing when there is none yet."""
        if e is not None:
            raise e
