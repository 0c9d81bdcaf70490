"""Compaction: when a conversation grows too long, its older messages become a summary."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from strands.agent.conversation_manager.base import ConversationManager
from strands.types.exceptions import ContextWindowOverflowException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strands.agent.agent import Agent
    from strands.hooks.events import BeforeModelCallEvent
    from strands.hooks.registry import HookRegistry
    from strands.models.model import Model
    from strands.types.content import Message
    from strands_cli.spec.context import Compaction

logger: logging.Logger = logging.getLogger(__name__)

PROMPT = """Summarise the conversation below so that it can be continued from the summary alone: what was asked,
what was found and decided, names and numbers that matter, and what is still open. Answer with the summary only."""
_OPENING = "Summary of the conversation so far:\n\n"
_CHARACTERS_PER_TOKEN = 4
_FEWEST = 3


class Compactor:
    """Summarises before a model call when the history is too long; a hook provider.

    The summary stands in for the older messages in what the model is sent from now on. The record of the session keeps
    every message.

    Args:
        policy: When, and how much.
        model: Returns the model that writes the summary.
    """

    def __init__(self, policy: Compaction, model: Callable[[], Model]) -> None:
        self._policy = policy
        self._model = model

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register for model calls."""
        from strands.hooks.events import BeforeModelCallEvent

        registry.add_callback(BeforeModelCallEvent, self.before)

    async def before(self, event: BeforeModelCallEvent) -> None:
        """Compact the agent's messages if they are too long; a failed summary leaves them as they are."""
        limit = self._policy.when_tokens_over
        messages = event.agent.messages
        if limit is None or estimated_tokens(messages, event.agent.system_prompt) <= limit:
            return
        count = cut(messages, self._policy.summary_ratio, self._policy.preserve_recent_messages)
        if count == 0:
            return
        try:
            summary, usage = await summarised(self._model(), messages[:count])
        except Exception as error:
            logger.warning("agent %r: the conversation could not be summarised: %s", event.agent.agent_id, error)
            return
        await _spent(event.agent, usage, self._policy.summarization_model or "")
        if summary:
            messages[:count] = [{"role": "user", "content": [{"text": _OPENING + summary}]}]
            logger.info("agent %r: %d messages became a summary", event.agent.agent_id, count)


class TrimWhenFull(ConversationManager):
    """Forgets the older half when a model cannot read the history although it was compacted."""

    def apply_management(self, agent: Agent, **kwargs: Any) -> None:
        """Do nothing: compaction happens before model calls."""

    def reduce_context(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        """Drop older messages.

        Raises:
            ContextWindowOverflowException: Nothing can be dropped any more.
        """
        count = cut(agent.messages, 0.5, 2)
        if count == 0:
            raise e or ContextWindowOverflowException("the conversation is too long, and nothing of it can be dropped")
        gone: Message = {"role": "user", "content": [{"text": f"{_OPENING}{count} earlier messages were dropped."}]}
        agent.messages[:count] = [gone]
        self._count_removed(count - 1)


def estimated_tokens(messages: Any, system_prompt: str | None) -> int:
    """Return about how many tokens a history has: one for every four characters."""
    total = len(system_prompt or "")
    for message in messages:
        for block in message["content"]:
            total += len(block["text"]) if "text" in block else len(json.dumps(block, default=str))
    return total // _CHARACTERS_PER_TOKEN


def cut(messages: Any, ratio: float, preserve: int) -> int:
    """Return how many of the oldest messages to summarise; 0 when there are too few.

    What stays begins with an assistant's message, because the summary stands before it as the user's: so no tool use
    is parted from its result. With fewer messages than are to be preserved, fewer are preserved.
    """
    count = max(int(len(messages) * ratio), 2)
    if len(messages) > preserve + 1:
        count = min(count, len(messages) - preserve)
    if len(messages) < _FEWEST:
        return 0
    for at in range(max(count, 2), len(messages)):
        if messages[at]["role"] == "assistant":
            return at
    for at in range(min(count, len(messages) - 1), 1, -1):
        if messages[at]["role"] == "assistant":
            return at
    return 0


async def _spent(agent: Agent, usage: Mapping[str, int], model: str) -> None:
    """Have the tokens of a summary count where those of the agent's replies do."""
    from strands_cli.kernel.recorder import JournalRecorder

    if usage and isinstance(agent.recorder, JournalRecorder):
        await agent.recorder.spent(usage, model)


async def summarised(model: Model, messages: Any) -> tuple[str, Mapping[str, int]]:
    """Return a model's summary of messages, and the tokens that it took."""
    conversation = "\n\n".join(f"{message['role']}: {_spoken(message)}" for message in messages)
    request: Any = [{"role": "user", "content": [{"text": f"{PROMPT}\n\n---\n\n{conversation}"}]}]
    text: list[str] = []
    usage: Mapping[str, int] = {}
    async for event in model.stream(request, None, None):
        usage = event.get("metadata", {}).get("usage") or usage  # type: ignore[assignment]
        delta: Any = event.get("contentBlockDelta", {}).get("delta", {})
        text.append(delta.get("text", ""))
    return "".join(text).strip(), usage


def _spoken(message: Any) -> str:
    parts = []
    for block in message["content"]:
        if "text" in block:
            parts.append(block["text"])
        elif "toolUse" in block:
            parts.append(f"[calls {block['toolUse']['name']} {json.dumps(block['toolUse']['input'], default=str)}]")
        elif "toolResult" in block:
            shown = json.dumps(block["toolResult"]["content"], ensure_ascii=False, default=str)
            parts.append(f"[tool result {shown[:4000]}]")
    return "\n".join(parts)
