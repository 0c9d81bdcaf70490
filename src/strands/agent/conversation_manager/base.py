"""What every conversation manager does."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypedDict

from strands._sync import in_event_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from strands.agent.agent import Agent
    from strands.hooks.events import BeforeModelCallEvent
    from strands.hooks.registry import HookRegistry
    from strands.types.content import Message


log: logging.Logger = logging.getLogger(__name__)

DEFAULT_COMPRESSION_THRESHOLD = 0.7


class ProactiveCompressionConfig(TypedDict, total=False):
    """When a history is shortened before a model fails to read it.

    Attributes:
        compression_threshold: The share of what the model can read, above 0 and at most 1; 0.7 when it is not given.
    """

    compression_threshold: float


Compression = ProactiveCompressionConfig | bool | None


class ConversationManager(ABC):
    """Keeps a history within what a model can read.

    Args:
        proactive_compression: True shortens the history before a model call that would take more than 70% of what the
            model can read (its `context_window_limit`), a dictionary names another share, None or False waits until
            the model fails to read it. When it cannot be shortened the call is made anyway.

    Attributes:
        removed_message_count: Messages it took from the front of the history so far.

    Raises:
        ValueError: The share is not above 0 and at most 1.
    """

    def __init__(self, *, proactive_compression: Compression = None) -> None:
        self.removed_message_count: int = 0
        self._compression_threshold = _threshold(proactive_compression)

    def _count_removed(self, messages: int) -> None:
        self.removed_message_count += messages

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register hooks; a subclass that registers its own calls this too."""
        if getattr(self, "_compression_threshold", None) is not None:
            from strands.hooks.events import BeforeModelCallEvent

            registry.add_callback(BeforeModelCallEvent, self._compress)

    def _compress(self, event: BeforeModelCallEvent) -> Awaitable[None] | None:
        """Shorten the history in time; only a manager that waits for something is waited for, in an event loop."""
        from strands.models._tokens import window_limit

        tokens = event.projected_input_tokens
        if tokens is None or self._compression_threshold is None:
            return None
        if tokens < self._compression_threshold * window_limit(event.agent.model):
            return None
        waits = type(self).reduce_context_async is not ConversationManager.reduce_context_async
        if waits and in_event_loop():
            return self._compress_async(event.agent)
        try:
            self.reduce_context(event.agent)
        except Exception as error:
            self._not_compressed(event.agent, error)
        return None

    async def _compress_async(self, agent: Agent) -> None:
        try:
            await self.reduce_context_async(agent)
        except Exception as error:
            self._not_compressed(agent, error)

    def _not_compressed(self, agent: Agent, error: Exception) -> None:
        log.warning("the history of %r could not be shortened in time: %s", agent.name, error)

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


def _threshold(given: Compression) -> float | None:
    if given is None or given is False:
        return None
    share = DEFAULT_COMPRESSION_THRESHOLD if given is True else given.get("compression_threshold")
    if share is None:
        return DEFAULT_COMPRESSION_THRESHOLD
    if not 0 < share <= 1:
        raise ValueError(f"compression_threshold is {share!r}; it must be above 0 and at most 1")
    return share
