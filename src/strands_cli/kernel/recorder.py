"""The journal as an agent's recorder: model replies and tool results, as they happen, at any depth.

What an agent does in a tool use of another is recorded under the key of that tool use, as what the outermost agent
does is under the key of its step: `<key>/model/0`, `<key>/tools/<id>`, `<key>/tools/<id>/tools/<id>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._core.recorder import ToolStart
from strands.types.json_bytes import encode_bytes_values, encode_message
from strands_cli.kernel.redaction import Recording, redact
from strands_cli.kernel.types import Kind, Message

if TYPE_CHECKING:
    from strands._core.subagent import Path, SubagentRecorder
    from strands._core.taken_back import TakenBack


class JournalRecorder:
    """Records what happens inside the agent call `key`.

    Args:
        key: The call's key.
        run: What it is recorded with.
        replies: How many replies of the call are on record.
    """

    __slots__ = ("_agents", "_finals", "_notes", "_replies", "_run", "_tools", "_unrecorded", "key", "last")

    def __init__(self, key: str, run: Recording, replies: int) -> None:
        self.key: str = key
        self._run = run
        self._tools: dict[Path, str] = {(): key}
        self._agents: dict[Path, str] = {}
        self._notes: dict[str, int] = {}
        self._replies = replies
        self._finals = 0
        self.last: tuple[Message, str, Mapping[str, int]] | None = None
        self._unrecorded: dict[str, int] = {}

    @property
    def session_id(self) -> str:
        """The session that the journal is of."""
        return self._run.journal.session_id

    async def appended(self, message: Any) -> None:
        """The messages of a step follow from its prompt, its replies and its tools' results."""

    async def replied(self, message: Any, stop_reason: str, usage: Any) -> None:
        """Record a reply whose tools are about to run; the final one is recorded with its step."""
        if stop_reason != "tool_use":
            self.last = (encode_message(message), stop_reason, usage)
            self._finals += 1
            for name, count in (usage or {}).items():
                self._unrecorded[name] = self._unrecorded.get(name, 0) + count
            return
        self._tools = {(): self.key}
        data = {"of": self.key, "message": encode_message(message), "usage": dict(usage or {})}
        number, self._replies = self._replies, self._replies + 1
        await self._run.record("done", f"{self.key}/model/{number}", data)

    async def redacted(self, taken: TakenBack) -> None:
        """Record that a guardrail took back what the newest message said."""
        await redact(self._run, self.key, taken)

    def take_unrecorded(self) -> dict[str, int]:
        """Return what final replies have used since this was asked last: who asks records it."""
        usage, self._unrecorded = self._unrecorded, {}
        return usage

    def altered(self, message: Message) -> bool:
        """Whether what is recorded as the reply is not all that the agent said and was told."""
        return self._finals > 1 or (self.last is not None and self.last[0] != message)

    async def spent(self, usage: Mapping[str, int], model: str = "") -> None:
        """Record tokens that no reply of the agent tells of: those of a summary of its conversation.

        Args:
            usage: The provider's usage.
            model: The id of the model that used them, where it is not the agent's own.
        """
        number = self._notes["spent"] = self._notes.get("spent", -1) + 1
        data: dict[str, Any] = {"of": self.key, "usage": usage, **({"model": model} if model else {})}
        await self._run.record("noted", self._run.fresh_key(f"{self.key}/spent/{number}"), data)

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record that a tool is about to run."""
        await self._started((), start, durable)

    async def tool_finished(self, tool_use_id: str, result: Any, *, durable: bool) -> None:
        """Record a tool's result."""
        await self._finished((), tool_use_id, result, durable)

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        """Record that the tool about to start is an agent, and return the recorder of what it does."""
        from strands._core.subagent import enter

        return await enter(self._note, tool_use_id, own)

    async def _note(self, path: Path, what: str, data: dict[str, Any], durable: bool) -> None:
        """Record a note; that an agent is at work is told by the start of its tool use."""
        if what == "entered":
            self._tools[path] = self._run.fresh_key(f"{self._tools[path[:-1]]}/tools/{path[-1]}")
            self._agents[path] = "own" if data.get("own") else "caller"
        elif what == "started":
            await self._started(path, ToolStart(**data["start"]), durable)
        elif what == "finished":
            await self._finished(path, data["tool_use_id"], data["result"], durable)
        elif what == "redacted":
            await redact(self._run, self._tools[path], data["taken"])
        else:
            owner = self._tools[path]
            kind: Kind = "done" if "usage" in data else "noted"
            number = self._notes[owner] = self._notes.get(owner, -1) + 1
            key = f"{owner}/{'model' if kind == 'done' else 'notes'}/{number}"
            await self._run.record(kind, key, {"of": owner, "note": what, **encode_bytes_values(data)})

    async def _started(self, path: Path, start: ToolStart, durable: bool) -> None:
        owner, id = self._tools[path], start.tool_use_id
        tool = (*path, id)
        agent = self._agents.pop(tool, None)
        if agent is None:
            self._tools[tool] = self._run.fresh_key(f"{owner}/tools/{id}")
        data = {
            "of": owner,
            "id": id,
            "name": start.name,
            "digest": start.digest,
            "idempotency_key": start.idempotency_key,
        }
        if start.input is not None:
            data["input"] = start.input
        if agent is not None:
            data["agent_record"] = agent
        await self._run.record("started", self._tools[tool], data, sync=durable)

    async def _finished(self, path: Path, tool_use_id: str, result: Any, durable: bool) -> None:
        owner = self._tools[path]
        key = self._tools.get((*path, tool_use_id)) or self._run.fresh_key(f"{owner}/tools/{tool_use_id}")
        data = {"of": owner, "id": tool_use_id, "result": encode_bytes_values(result)}
        await self._run.record("done", key, data, sync=durable)
