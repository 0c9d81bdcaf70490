"""What a guardrail took back is taken out of what is stored, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from strands.types.session import SessionMessage

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack
    from strands.types.content import Message


class Redaction(NamedTuple):
    """A message that says something else now.

    Attributes:
        message_id: The message.
        tool_use_ids: The tool uses whose results it holds.
    """

    message_id: int
    tool_use_ids: frozenset[str]

    @classmethod
    def of(cls, stored: SessionMessage) -> Redaction:
        """Return the redaction of a stored message."""
        blocks = stored.message["content"]
        ids = frozenset(block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block)
        return cls(stored.message_id, ids)

    def begins_before(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether an entry is of a message before: nothing older tells of this one."""
        return kind == "message" and _id(data) < self.message_id

    def cleared(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return an entry's data without what was taken back, never longer; None when it tells nothing of it."""
        if kind == "message" and _id(data) == self.message_id:
            if "stored" not in data:
                return {**data, "message": _empty(data["message"])}
            stored = data["stored"]
            return {**data, "stored": {**stored, "message": _empty(stored["message"]), "redact_message": None}}
        if kind == "finished" and data["tool_use_id"] in self.tool_use_ids:
            result = data["result"]
            return {**data, "result": {**result, "content": []}}
        if kind == "inside" and data["path"][0] in self.tool_use_ids:
            return {"path": data["path"], "what": "entered"}
        return None


class InsideRedaction(NamedTuple):
    """A message of an agent used as a tool that says something else now.

    Attributes:
        path: The tool use ids that lead to the agent, the outermost first.
        taken: What was taken back.
    """

    path: tuple[str, ...]
    taken: TakenBack

    def begins_before(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether an entry is older than the tool use in which the agent works."""
        return kind == "message"

    def cleared(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return an entry's data without what was taken back; None when it tells nothing of it."""
        depth = len(self.path)
        if kind != "inside" or tuple(data["path"][:depth]) != self.path:
            return None
        if len(data["path"]) > depth and data["path"][depth] in self.taken.tool_use_ids:
            return {"path": data["path"], "what": "entered"}
        changed: dict[str, Any] = self.taken.cleared(data)
        return changed if changed != data else None

    def of_entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return an entry without what was taken back."""
        data = self.cleared(entry["kind"], entry["data"])
        return entry if data is None else {**entry, "data": data}


AnyRedaction: TypeAlias = "Redaction | InsideRedaction"


def _id(data: Mapping[str, Any]) -> int:
    return int(data["id"] if "id" in data else data["stored"]["message_id"])


def _empty(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": message["role"], "content": []}


def earlier_copies(
    message: Message, latest: SessionMessage, same: Sequence[SessionMessage], history: Sequence[Message]
) -> list[SessionMessage]:
    """Return what is stored from before of a message that somebody added more than once.

    Args:
        message: The message, as it is now.
        latest: What was stored last of it.
        same: What was stored of it right before.
        history: The messages of the agent; the last of it is that of `latest`, where it is one of the history.
    """
    found = {stored.message_id: stored for stored in same}
    if history and history[-1] is message:
        for back, each in enumerate(reversed(history)):
            id = latest.message_id - back
            if each is message and 0 <= id < latest.message_id and id not in found:
                found[id] = SessionMessage.from_message(message, id)
    return [found[id] for id in sorted(found)]
