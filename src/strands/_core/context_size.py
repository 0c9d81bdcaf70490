"""About how many tokens the next model call reads."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from strands._tracking import shown_to
from strands.types.event_loop import prompt_tokens

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.types.content import Message

log: logging.Logger = logging.getLogger(__name__)


class Asked(NamedTuple):
    """What a model call was about to read.

    Attributes:
        first: The first message of the history then.
        length: Messages in the history then.
        cycles: Cycles that had begun then.
    """

    first: Message
    length: int
    cycles: int


async def projected_tokens(agent: Host) -> int | None:
    """Return about how many tokens the next model call reads, or None when they cannot be counted.

    Where the call before is known, its own count stands, and only the messages since are estimated.
    """
    before, agent._last_projection = agent._last_projection, _now(agent)
    try:
        read = _read_before(agent, before)
        if read is not None:
            tokens, start = read
            return tokens + int(await agent.model.count_tokens(shown_to(agent.model, agent.messages[start:])))
        specs = agent.tool_registry.get_all_tool_specs()
        blocks = agent._system_blocks
        messages = shown_to(agent.model, agent.messages)
        return int(await agent.model.count_tokens(messages, specs, agent._system_text, blocks))
    except Exception:  # whatever a model's way to count raises: a call without the count is better than none
        log.debug("the tokens of the next model call of %r cannot be counted", agent.name, exc_info=True)
        return None


def _now(agent: Host) -> Asked | None:
    messages = agent.messages
    return Asked(messages[0], len(messages), agent.event_loop_metrics.cycle_count) if messages else None


def _read_before(agent: Host, before: Asked | None) -> tuple[int, int] | None:
    """Return the tokens of the call before with its reply, and where what came since begins in the history."""
    messages, metrics = agent.messages, agent.event_loop_metrics
    if before is None or len(messages) <= before.length or messages[0] is not before.first:
        return None
    if messages[before.length]["role"] != "assistant":
        return None
    usages = [each.usage for run in metrics.agent_invocations[-2:] for each in run.cycles]
    usage: dict[str, Any] = dict(usages[-1]) if usages else {}
    tokens = (prompt_tokens(usage) or 0) + (usage.get("outputTokens") or 0)
    return (tokens, before.length + 1) if tokens else None
