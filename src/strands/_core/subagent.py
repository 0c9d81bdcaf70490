"""An agent at work in a tool use of another: the recorder it reports to, and what is known of an earlier try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from strands._core.recorder import SubagentRecord, ToolStart
    from strands._core.taken_back import TakenBack
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tool_use import ToolResult

Path: TypeAlias = tuple[str, ...]
Note: TypeAlias = Callable[[Path, str, dict[str, Any], bool], Awaitable[None]]
"""Records one note: the tool use ids that lead to the agent, the kind of note, what it says, whether it must be on disk
before anything goes on. `OpenTurn.note` reads notes back."""


class SubagentRecorder:
    """The recorder of an agent that works in a tool use: whatever it is told becomes a note in its caller's record.

    Args:
        note: The caller's record.
        path: The tool use ids that lead to the agent, the outermost first.
        failures: Takes what the record raised: that is the outermost caller's failure, not the agent's.

    Attributes:
        session_id: The session that the record is in.
    """

    session_id = ""

    def __init__(self, note: Note, path: Path, failures: list[Exception] | None = None) -> None:
        self.failures: list[Exception] = failures if failures is not None else []
        self._note = note
        self._path = path
        self._reply: Message | None = None
        self._results: dict[str, ToolResult] = {}

    async def opened(self, *, base: dict[str, Any] | None = None, resumed: bool = False) -> None:
        """Record that the agent begins, or goes on from the question that it asked last.

        Args:
            base: The messages and the state it begins with; None when they are those it was built with.
            resumed: It goes on.
        """
        data: dict[str, Any] = {"resumed": True} if resumed else {}
        if base is not None:
            data["base"] = base
        await self._tell("opened", data)

    async def appended(self, message: Message) -> None:
        """Record a message, unless it is the reply, or only repeats the results of its tools."""
        if message is not self._reply and not self._repeats(message):
            await self._tell("message", {"message": message})

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """Record a reply."""
        self._reply, self._results = message, {}
        await self._tell("message", {"message": message, "stop": stop_reason, "usage": dict(usage)})

    async def redacted(self, taken: TakenBack) -> None:
        """Record that a guardrail took back what the newest message said; a record drops that, and keeps no `taken`."""
        await self._tell("redacted", {"message": taken.message, "taken": taken})

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record that a tool is about to run."""
        await self._tell("started", {"start": start.to_dict()}, durable)

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result."""
        self._results[tool_use_id] = result
        await self._tell("finished", {"tool_use_id": tool_use_id, "result": result}, durable)

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        """Record that the tool about to start is an agent, and return the recorder of what it does."""
        inner = SubagentRecorder(self._note, (*self._path, tool_use_id), self.failures)
        await inner._tell("entered", {"own": True} if own else {})
        return inner

    def _repeats(self, message: Message) -> bool:
        if self._reply is None:
            return False
        asked = [block["toolUse"]["toolUseId"] for block in self._reply["content"] if "toolUse" in block]
        told = [block.get("toolResult") for block in message["content"]]
        return bool(asked) and told == [self._results.get(id) for id in asked] and None not in told

    async def _tell(self, what: str, data: dict[str, Any], durable: bool = False) -> None:
        try:
            await self._note(self._path, what, data, durable)
        except Exception as error:
            self.failures.append(error)
            raise


async def enter(note: Note, tool_use_id: str, own: bool) -> SubagentRecorder:
    """Note that the tool about to start is an agent, and return the recorder of what it does: `Recorder.subagent`."""
    return await SubagentRecorder(note, ()).subagent(tool_use_id, own=own)


class Attempt:
    """One try of a tool use in which an agent works.

    Args:
        own: It keeps a record of its own.
        anew: A hook asked for another try, so it begins anew.
        so_far: What is on record of an earlier try that was cut off, or None.

    Attributes:
        recorder: What the agent reports to; None when nobody records, or when it keeps a record of its own.
        left: Where the agent stopped, when this try was cut off.
    """

    __slots__ = ("anew", "left", "own", "recorder", "so_far")

    def __init__(self, *, own: bool = False, anew: bool = False, so_far: SubagentRecord | None = None) -> None:
        self.own: bool = own
        self.anew: bool = anew
        self.so_far: SubagentRecord | None = so_far
        self.recorder: SubagentRecorder | None = None
        self.left: SubagentRecord | None = None
