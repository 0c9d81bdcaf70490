"""How an agent tells what it did, and what it can be told about what was done before.

One mechanism for "a finished tool never runs twice": a session manager and a workflow's journal both record through
`Recorder` and hand what is on record to `Agent.restore` as an `OpenTurn`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from strands.interrupt import Interrupt
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult

AMBIGUOUS = "ambiguous_tool_call"
_TOOL_INTERRUPT = "v1:tool_call:"


@dataclass(slots=True)
class ToolStart:
    """A tool that was started; its result is not, or not yet, on record.

    Attributes:
        tool_use_id: The call.
        name: The tool.
        digest: Hash of name, input and input schema.
        idempotency_key: The same for every try of this call.
    """

    tool_use_id: str
    name: str
    digest: str
    idempotency_key: str


@dataclass(slots=True)
class OpenTurn:
    """What is on record of the newest message that asks for tools.

    Attributes:
        finished: Tool use id to result.
        started: Tool use id to start, of tools that neither finished nor came to rest at a question of their own
            (fold questions in with `asked`).
        interrupts: Interrupt id to interrupt, the answered ones included.
    """

    finished: dict[str, ToolResult] = field(default_factory=dict)
    started: dict[str, ToolStart] = field(default_factory=dict)
    interrupts: dict[str, Interrupt] = field(default_factory=dict)

    def asked(self, interrupt: Interrupt) -> None:
        """Add a question; the tool that raised it, if one did, came to rest and is no longer in doubt."""
        self.interrupts[interrupt.id] = interrupt
        tool_use_id = raised_in(interrupt)
        if tool_use_id is not None:
            self.started.pop(tool_use_id, None)


class Recorder(Protocol):
    """Is told of everything an agent does, before anything is built on it."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """Record a model's reply; its tools, if any, have not been touched yet."""

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record that a tool is about to run; `durable` asks that it be on disk before returning."""

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result; `durable` asks that it be on disk before returning."""


def raised_in(interrupt: Interrupt) -> str | None:
    """Return the id of the tool use inside which a question was raised, or None when a hook or a node asks."""
    if interrupt.name == AMBIGUOUS:
        return None
    if interrupt.carried is not None:
        tool_use_id = interrupt.carried.get("tool_use_id")
        return str(tool_use_id) if tool_use_id is not None else None
    if not interrupt.id.startswith(_TOOL_INTERRUPT):
        return None
    return interrupt.id[len(_TOOL_INTERRUPT) :].rpartition(":")[0]
