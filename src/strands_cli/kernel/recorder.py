"""The journal as an agent's recorder: model replies and tool results, as they happen."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from strands_cli.kernel.types import Entry, Kind, Message
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.agent.recorder import ToolStart

BYTES = "__bytes_encoded__"


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
            self.last = (storable(message), stop_reason, usage)
            return
        self._tools = {}
        data = {"of": self.key, "message": storable(message), "usage": dict(usage or {})}
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
        data = {"of": self.key, "id": tool_use_id, "result": storable(result)}
        await self._record("done", key, data, sync=durable)


def storable(value: Any) -> Any:
    """Return `value` with bytes as base64 under a marker key, and itself when there are none."""
    if isinstance(value, bytes):
        return {BYTES: True, "data": base64.b64encode(value).decode("ascii")}
    if not _any(value, lambda item: isinstance(item, bytes)):
        return value
    if isinstance(value, dict):
        return {name: storable(item) for name, item in value.items()}
    return [storable(item) for item in value]


def restored(value: Any) -> Any:
    """Return the value that `storable` was given."""
    if not _any(value, _marked):
        return value
    if isinstance(value, dict):
        if _marked(value):
            return base64.b64decode(value["data"])
        return {name: restored(item) for name, item in value.items()}
    return [restored(item) for item in value]


def _marked(value: Any) -> bool:
    return isinstance(value, dict) and value.get(BYTES) is True


def _any(value: Any, found: Callable[[Any], bool]) -> bool:
    """Whether `value` or something in it is `found`."""
    if type(value) is str:
        return False
    if found(value):
        return True
    if isinstance(value, dict):
        return any(_any(item, found) for item in value.values())
    return isinstance(value, list) and any(_any(item, found) for item in value)
