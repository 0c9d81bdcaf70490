"""The oldest messages become a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands._sync import run
from strands._tracking import track
from strands.types.exceptions import ContextWindowOverflowException

from .base import Compression
from .compression.context_compression import DEFAULT_SUMMARIZATION_PROMPT, as_user_summary
from .pinning import PinningConversationManager
from .sliding_window import first_beginning

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.types.content import Message


class SummarizingConversationManager(PinningConversationManager):
    """Replaces the oldest messages by a summary when the model can no longer read the history.

    Args:
        summary_ratio: The share of the messages to summarize, 0.1 to 0.8.
        preserve_recent_messages: Messages that always stay.
        summarization_agent: Writes the summary; the agent itself when None.
        summarization_system_prompt: Tells the agent itself how to summarize.
        pin_first: Messages at the start of the conversation that are never summarized.
        proactive_compression: As `ConversationManager`.
    """

    def __init__(
        self,
        summary_ratio: float = 0.3,
        preserve_recent_messages: int = 10,
        summarization_agent: Agent | None = None,
        summarization_system_prompt: str | None = None,
        *,
        pin_first: int | None = None,
        proactive_compression: Compression = None,
    ) -> None:
        if summarization_agent is not None and summarization_system_prompt is not None:
            raise ValueError("give summarization_agent or summarization_system_prompt; the agent has its own prompt")
        super().__init__(pin_first=pin_first, proactive_compression=proactive_compression)
        self.summary_ratio: float = min(max(summary_ratio, 0.1), 0.8)
        self.preserve_recent_messages = preserve_recent_messages
        self.summarization_agent = summarization_agent
        self.summarization_system_prompt = summarization_system_prompt
        self._summary: Message | None = None

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "summary_message": self._summary}

    def restore_from_session(self, state: dict[str, Any]) -> list[Message] | None:
        before = super().restore_from_session(state) or []
        self._summary = state.get("summary_message")
        return [*before, *([self._summary] if self._summary else [])] or None

    def apply_management(self, agent: Agent, **kwargs: Any) -> None:
        """Do nothing: only a model that cannot read the history makes a summary worth its cost."""

    def reduce_context(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        """Replace the oldest messages by a summary.

        Raises:
            ContextWindowOverflowException: Too few messages are left.
        """
        run(self.reduce_context_async(agent, e, **kwargs))

    async def reduce_context_async(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        """As `reduce_context`, without blocking the event loop while the summary is written."""
        messages = agent.messages
        self._pin(messages)
        count = min(max(1, int(len(messages) * self.summary_ratio)), len(messages) - self.preserve_recent_messages)
        count = (first_beginning(messages, count, "assistant") or 0) if count > 0 else 0
        old = self._removable(messages, count)
        if not old:
            raise ContextWindowOverflowException(
                f"the history has {len(messages)} messages, of which {self.preserve_recent_messages} must stay; "
                "nothing is left to summarize"
            ) from e
        summary = await self._summarize(old, agent)
        track(summary)
        self._remove(messages, count, [summary], known=1 if self._summary is not None else 0)
        self._summary = summary

    async def _summarize(self, messages: list[Message], agent: Agent) -> Message:
        from strands.agent.agent import Agent as AgentClass

        writer = self.summarization_agent
        if writer is None:
            prompt = self.summarization_system_prompt or DEFAULT_SUMMARIZATION_PROMPT
            writer = AgentClass(model=agent.model, system_prompt=prompt, callback_handler=None)
        kept, writer.messages = writer.messages, list(messages)
        try:
            result = await writer.invoke_async("Please summarize this conversation.")
        finally:
            writer.messages = kept
        return as_user_summary(result.message)
