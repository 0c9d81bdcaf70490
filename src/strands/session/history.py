"""From stored data back to a live agent: its state, a history that every provider accepts, the turn it rests in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._core.recorder import OpenTurn
from strands.interrupt import InterruptState

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.types.content import ContentBlock, Message
    from strands.types.session import SessionAgent

LOST = "The result of this call is not on record."


def restore_state(agent: Agent, stored: SessionAgent) -> tuple[list[Message], int]:
    """Give `agent` what is stored of it.

    Returns:
        The messages that its live history begins with, and from which one on those that are stored follow.
    """
    from strands.agent.state import AgentState

    agent.state = AgentState(stored.state)
    stored.initialize_internal_state(agent)
    before = agent.conversation_manager.restore_from_session(stored.conversation_manager_state) or []
    return before, agent.conversation_manager.removed_message_count


def open_turn(stored: SessionAgent) -> OpenTurn | None:
    """Return the turn in which an agent rests by its own record, also in the layouts of the Strands Agents SDK."""
    return turn_of(stored._internal_state.get("interrupt_state"))


def turn_of(data: object) -> OpenTurn | None:
    """Return the turn that an interrupt state, as data, waits in; None when it does not wait."""
    if not isinstance(data, Mapping) or not data.get("activated"):
        return None
    state = InterruptState.from_dict(data)
    results = state.context.get("tool_results") or []
    return OpenTurn(
        finished={result["toolUseId"]: result for result in results},
        interrupts=dict(state.interrupts),
        pause=state.context.get("pause", ""),
    )


def mended(messages: list[Message]) -> list[Message]:
    """Return a history in which each tool use but the last has its result and each result its tool use.

    What is missing, because a file was lost, becomes an error result; a result without its tool use is left out. The
    messages given stay as they are.
    """
    whole: list[Message] = []
    waiting: list[str] = []
    for message in messages:
        uses = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
        kept = _with_results(message, waiting)
        if kept["content"] or not message["content"]:
            whole.append(kept)
        waiting = uses if message["role"] == "assistant" else []
    return whole


def _with_results(message: Message, waiting: list[str]) -> Message:
    found = {block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block}
    if message["role"] == "user" and found == set(waiting):
        return message
    kept: list[ContentBlock] = [
        block
        for block in message["content"]
        if "toolResult" not in block or block["toolResult"]["toolUseId"] in waiting
    ]
    lost: list[Any] = [
        {"toolResult": {"toolUseId": id, "status": "error", "content": [{"text": LOST}]}}
        for id in waiting
        if id not in found
    ]
    return {**message, "content": [*lost, *kept]} if lost or len(kept) != len(message["content"]) else message
