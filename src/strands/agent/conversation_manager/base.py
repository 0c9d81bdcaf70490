"""What every conversation manager does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.hooks.registry import HookRegistry
    from strands.types.content import Message


class ConversationManager(ABC):
    """Keeps a history within what a model can read.

    Attributes:
        removed_message_count: Messages it took from the front of the history so far.
    """

    def __init__(self) -> None:
        self.removed_message_count = 0

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:  # noqa: B027
        """Register hooks, if it wants any."""

    @abstractmethod
    def apply_management(self, agent: Agent, **kwargs: Any) -> None:
        """Shorten the history if it is longer than wanted; called after every invocation."""

    @abstractmethod
    def reduce_context(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        """Shorten the history because the model cannot read it as it is.

        Args:
            agent: Whose history it is.
            e: What the model raised.
            **kwargs: Room for more.

        Raises:
            ContextWindowOverflowException: It cannot be shortened any further.
        """

    async def reduce_context_async(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        """As `reduce_context`, for a manager that has to wait for something on the way."""
        self.reduce_context(agent, e, **kwargs)

    def get_state(self) -> dict[str, Any]:
        """Return what a session must keep of it."""
        return {"__name__": type(self).__name__, "removed_message_count": self.removed_message_count}

    def restore_from_session(self, state: dict[str, Any]) -> list[Message] | None:
        """Take up what `get_state` returned.

        Returns:
            Messages to put before those of the session, or None.

        Raises:
            ValueError: The state is another manager's.
        """
        if state.get("__name__") != type(self).__name__:
            raise ValueError(
                f"the session was kept by {state.get('__name__')!r}, not by {type(self).__name__!r}; "
                "give the agent the same conversation manager"
            )
        self.removed_message_count = state["removed_message_count"]
        return None
