"""The journal as an agent's recorder: model replies and tool results, as they happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from strands.types.session import encode_bytes_values
from strands_cli.kernel.types import Entry, Kind, Message
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.agent.recorder import ToolStart


class Record(Protocol):
    """The one write of the engine."""

    def __call__(
        self, kind: Kind, key: str, data: Mapping[str, Json], *, sync: bool = False
    ) -> Awaitable[Entry | None]: ...


class JournalRecorder:
    """Records what happens inside the agent call `key`."""

    def __init__(self, key: str, record: Record, fresh_key: Callable[[str], str], replies: int) -> None:
        self.key = key
        self._record = record
        self._fresh_key = fresh_key
        self._tools: dict[str, str] = {}
        self._replies = replies
        self.last: tuple[Message, str, Mapping[str, int]] | None = None

    async def replied(self, message: Any, stop_reason: str, usage: Any) -> None:
        """Record a reply whose tools are about to run; the final one is recorded with its step."""
        if stop_reason != "tool_use":
            self.last = (encode_bytes_values(message), stop_reason, usage)
            return
        self._tools = {}
        data = {"of": self.key, "message": encode_bytes_values(message), "usage": dict(usage or {})}
        number, self._replies = self._replies, self._replies + 1
        await self._record("done", f"{self.key}/model/{number}", data)

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record that a tool is about to run."""
        key = self._tools[start.tool_use_id] = self._fresh_key(f"{self.key}/tools/{start.tool_use_id}")
        data = {
            "of": self.key,
            "id": start.tool_use_id,
            "name": start.name,
            "digest": start.digest,
            "idempotency_key": start.idempotency_key,
        }
        await self._record("started", key, data, sync=durable)

    async def tool_finished(self, tool_use_id: str, result: Any, *, durable: bool) -> None:
        """Record a tool's result."""
        key = self._tools.get(tool_use_id) or self._fresh_key(f"{self.key}/tools/{tool_use_id}")
        data = {"of": self.key, "id": tool_use_id, "result": encode_bytes_values(result)}
        await self._record("done", key, data, sync=durable)
