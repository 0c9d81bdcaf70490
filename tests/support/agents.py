"""What the tests of agents share: answers, and a recorder that keeps everything in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strands import Agent, AgentResult
from strands._core.recorder import OpenTurn, ToolStart
from strands._core.subagent import Path, SubagentRecorder, enter
from strands.interrupt import Interrupt
from strands.types.content import Message
from strands.types.event_loop import Usage
from strands.types.tools import ToolResult


def answer(interrupt: Interrupt, response: Any) -> dict[str, Any]:
    """Return the block that answers one interrupt."""
    return {"interruptResponse": {"interruptId": interrupt.id, "response": response}}


def answers(result: AgentResult, response: Any) -> Any:
    """Return a prompt that gives every open question of a result the same answer."""
    return [answer(interrupt, response) for interrupt in result.interrupts or ()]


def results_of(agent: Agent) -> list[Any]:
    """Return the tool results in an agent's history, in order."""
    return [block["toolResult"] for message in agent.messages for block in message["content"] if "toolResult" in block]


def said(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what messages say and who says it, without their ids and what they cost."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def texts_of(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the first text of each tool result."""
    return [result["content"][0]["text"] for result in results]


class MemoryRecorder:
    """Keeps what an agent reports as a list of (event, detail)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.turn = OpenTurn()

    async def appended(self, message: Message) -> None:
        """Nothing to note: the agent itself has its messages."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        self.turn = OpenTurn()
        self.events.append(("replied", stop_reason))

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        self.turn.start(start)
        self.events.append(("started", (start.tool_use_id, durable)))

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        self.turn.finish(tool_use_id, result)
        self.events.append(("finished", (tool_use_id, durable)))

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        return await enter(self._note, tool_use_id, own)

    async def _note(self, path: Path, what: str, data: dict[str, Any], durable: bool) -> None:
        self.turn.note(path, what, data)
        self.events.append((f"inside {'/'.join(path)}: {what}", durable))
