"""The history is kept by the model's provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .null import NullConversationManager

if TYPE_CHECKING:
    from strands._core.host import Host


class ServerSideConversationManager(NullConversationManager):
    """For a model whose provider keeps the conversation: what it has is dropped here after each invocation.

    What it was not sent yet, such as the results of tools after which an agent was cancelled, stays for the next call.
    """

    def apply_management(self, agent: Host, **kwargs: Any) -> None:
        """Drop the messages that the provider has."""
        seen = min(int(agent.model_state.get("seen", 0)), len(agent.messages))
        del agent.messages[:seen]
        self._count_removed(seen)
        if seen:
            agent.model_state = {**agent.model_state, "seen": 0}
