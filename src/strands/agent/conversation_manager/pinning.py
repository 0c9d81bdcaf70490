"""Conversation managers that keep pinned messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Compression, ConversationManager
from .compression.pin_message import apply_pin_first, partition_pinned

if TYPE_CHECKING:
    from strands.types.content import Message, Messages


class PinningConversationManager(ConversationManager):
    """Removes from the front of a history, except for what is pinned, which moves to the front.

    Args:
        pin_first: How many messages at the start of the conversation are pinned; None pins none.
        proactive_compression: As `ConversationManager`.
    """

    def __init__(self, *, pin_first: int | None = None, proactive_compression: Compression = None) -> None:
        super().__init__(proactive_compression=proactive_compression)
        self.pin_first = pin_first
        self._pinned: list[Message] = []  # what was pinned among the messages that were removed; leads the history

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        return {**state, "pinned_messages": self._pinned} if self._pinned else state

    def restore_from_session(self, state: dict[str, Any]) -> list[Message] | None:
        super().restore_from_session(state)
        self._pinned = list(state.get("pinned_messages") or [])
        return list(self._pinned) or None

    def _pin(self, messages: Messages) -> None:
        if self.pin_first and self.removed_message_count == 0:
            apply_pin_first(messages, self.pin_first)

    def _removable(self, messages: Messages, end: int) -> list[Message]:
        """Return the messages before `end` that are not pinned."""
        return partition_pinned(messages, 0, end)[1]

    def _remove(self, messages: Messages, end: int, instead: list[Message] | None = None, known: int = 0) -> None:
        """Remove the messages before `end`, except for the pinned ones.

        Args:
            messages: The history.
            end: Where what stays begins.
            instead: Messages that take the place of those removed.
            known: How many of those before `end` were put there by the manager itself, besides the pinned ones.
        """
        pinned = partition_pinned(messages, 0, end)[0]
        self._count_removed(end - len(self._pinned) - known)
        self._pinned = pinned
        messages[:end] = [*pinned, *(instead or [])]
