"""The ledger of an agent: an append-only log, one checksummed line an entry, of what must outlive a crash.

It holds the messages, every tool start and result, the questions and their answers, and the agent's state. The files
of the session layout beside it are written from the same data without waiting for the disk; where one of them is
missing or torn after a crash, the ledger mends it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

from strands.types.json_bytes import decode_bytes_values, encode_bytes

if TYPE_CHECKING:
    from strands.agent.recorder import OpenTurn

FORMAT = 1
"""The ledger format that this build writes; a newer one is refused untouched."""

SYNCED = b',"synced":true}'
"""The end of a line that is on disk before anything goes on, and all before it with it."""

Kind = Literal[
    "opened", "rooted", "synced", "message", "redacted", "started", "finished", "inside", "asked", "answered", "agent"
]

_KINDS = frozenset(get_args(Kind))


class Entry(NamedTuple):
    """One line of a ledger: `seq` counts from 0 without gaps, `at` is Unix time in seconds."""

    seq: int
    kind: str
    at: float
    data: dict[str, Any]


def to_json(value: Any) -> str:
    """Return `value` as one line of JSON, bytes as base64 under a marker key.

    Raises:
        TypeError: It holds something that JSON cannot.
    """
    return _encode(value)


def from_json(text: str | bytes) -> Any:
    """Return what `to_json` was given.

    Raises:
        ValueError: It is not JSON.
    """
    value = json.loads(text)
    marker = b"__bytes_encoded__" if isinstance(text, bytes) else "__bytes_encoded__"
    return decode_bytes_values(value) if marker in text else value  # type: ignore[operator]


def encode(seq: int, kind: Kind, at: float, data_json: str, *, synced: bool = False) -> bytes:
    """Return the line of an entry whose data is the JSON text `data_json`.

    Args:
        seq: Its number.
        kind: Its kind.
        at: Unix time in seconds.
        data_json: Its data.
        synced: Whether nothing goes on before it is on disk: the line is marked, and its end is never a torn one.
    """
    mark = SYNCED.decode() if synced else "}"
    body = f'{{"seq":{seq},"kind":"{kind}","at":{at:.3f},"data":{data_json}{mark}'.encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Entry | None:
    """Return the entry of a line without its line break, or None when its checksum does not hold."""
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]) or line[8:9] != b" ":
            return None
        body = from_json(line[9:])
        return Entry(body["seq"], body["kind"], body["at"], cast("dict[str, Any]", body["data"]))
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class Fold:
    """What a ledger says, read from its first entry to its last.

    Attributes:
        format: The format it was written in.
        rooted: Whether its place in the directory is known to outlive a power loss.
        messages: Message id to the stored message as data.
        sizes: Message id to the size of its file in bytes.
        agent: The newest agent record as data, or None.
        finished: Tool use id to result, of the open turn.
        started: Tool use id to start, of the open turn.
        inner: What agents do in the tool uses of the open turn.
        asked: Interrupt id to interrupt as data, of the open turn; the answers are in it.
        pause: The pause in which they were asked, if the agent is a tool of another.
        answered_by: Interrupt id to the process that answered it, and when.
    """

    format: int = FORMAT
    rooted: bool = False
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    agent: dict[str, Any] | None = None
    finished: dict[str, Any] = field(default_factory=dict)
    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    inner: OpenTurn | None = None
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    pause: str = ""
    answered_by: dict[str, tuple[str, float]] = field(default_factory=dict)

    def take(self, entries: Iterable[Entry]) -> Fold:
        """Read on through `entries`; return self."""
        for entry in entries:
            if entry.kind in _KINDS:
                getattr(self, f"_{entry.kind}")(entry)
        return self

    def open_turn(self) -> OpenTurn:
        """Return what is on record of the newest message, for `Agent.restore`."""
        from strands.agent.recorder import OpenTurn, ToolStart
        from strands.interrupt import Interrupt

        turn = OpenTurn(
            finished=dict(self.finished),
            started={id: ToolStart(**start) for id, start in self.started.items()},
            inside=dict(self.inner.inside) if self.inner is not None else {},
            pause=self.pause,
        )
        turn.interrupts.update((id, Interrupt.from_dict(data)) for id, data in self.asked.items())
        return turn

    def _opened(self, entry: Entry) -> None:
        self.format = int(entry.data.get("format", FORMAT))

    def _rooted(self, entry: Entry) -> None:
        self.rooted = True

    def _synced(self, entry: Entry) -> None:
        pass

    def _message(self, entry: Entry) -> None:
        self._redacted(entry)
        self.forget_turn()

    def _redacted(self, entry: Entry) -> None:
        stored = entry.data.get("stored") or _whole(entry.data)
        self.messages[stored["message_id"]] = stored
        self.sizes[stored["message_id"]] = entry.data["size"]

    def _started(self, entry: Entry) -> None:
        from strands.agent.recorder import doubt_about

        tool_use_id = entry.data["tool_use_id"]
        first = doubt_about(tool_use_id)
        self.started[tool_use_id] = entry.data
        for id in [id for id, data in self.asked.items() if data.get("first", id) == first]:
            del self.asked[id]  # "run again" was for one run, and this is it

    def _finished(self, entry: Entry) -> None:
        self._forget(entry.data["tool_use_id"])
        self.finished[entry.data["tool_use_id"]] = entry.data["result"]

    def _inside(self, entry: Entry) -> None:
        if self.inner is None:
            from strands.agent.recorder import OpenTurn

            self.inner = OpenTurn()
        self.inner.note(entry.data["path"], entry.data["what"], entry.data)

    def _forget(self, tool_use_id: str) -> None:
        self.started.pop(tool_use_id, None)
        if self.inner is not None:
            self.inner.forget(tool_use_id)

    def _asked(self, entry: Entry) -> None:
        self.asked = {interrupt["id"]: interrupt for interrupt in entry.data["interrupts"]}
        self.pause = entry.data.get("pause", "")
        for tool_use_id in entry.data.get("at_rest", ()):
            self._forget(tool_use_id)

    def _answered(self, entry: Entry) -> None:
        interrupt = entry.data["interrupt"]
        self.asked[interrupt["id"]] = interrupt
        self.answered_by[interrupt["id"]] = (entry.data.get("by", ""), entry.at)

    def _agent(self, entry: Entry) -> None:
        self.agent = entry.data

    def forget_turn(self) -> None:
        """A message came after it: the turn is closed."""
        self.finished, self.started, self.asked, self.inner = {}, {}, {}, None


def _whole(data: dict[str, Any]) -> dict[str, Any]:
    """Return a stored message from what the ledger keeps of one that was never changed."""
    return {
        "message": data["message"],
        "message_id": data["id"],
        "redact_message": None,
        "created_at": data["at"],
        "updated_at": data["at"],
    }


def _other(value: Any) -> Any:
    if isinstance(value, bytes):
        return encode_bytes(value)
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be stored as JSON")


_encode = json.JSONEncoder(separators=(",", ":"), default=_other).encode
