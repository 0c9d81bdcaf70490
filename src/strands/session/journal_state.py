"""What an agent's journal says: a fold over its entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from strands.journal.entries import FORMAT, Entry

if TYPE_CHECKING:
    from typing_extensions import Self

    from strands._core.recorder import OpenTurn

Kind: TypeAlias = Literal[
    "opened",
    "leased",
    "message",
    "redacted",
    "started",
    "finished",
    "inside",
    "asked",
    "answered",
    "agent",
    "state",
    "node",
    "imported",
    "rested",
]

_KINDS = frozenset(get_args(Kind))


@dataclass(slots=True)
class LeaseState:
    """What the entries of any journal of a session say of who writes to it, read from the first to the last.

    Attributes:
        format: The format it was written in.
        driver: Who made the last call and may be at it still; "" once that call came to its end.
        driven_by: Who that is, for people.
        answered_by: Interrupt id to the process that answered it, and when.
    """

    format: int = FORMAT
    driver: str = ""
    driven_by: str = ""
    answered_by: dict[str, tuple[str, float]] = field(default_factory=dict)

    def take(self, entries: Iterable[Entry]) -> Self:
        """Read on through `entries`; return self."""
        for entry in entries:
            self._note(entry)
        return self

    def _note(self, entry: Entry) -> None:
        if entry.kind == "opened":
            self.format = int(entry.data.get("format", FORMAT))
        elif entry.kind == "leased":
            self.driver, self.driven_by = entry.data["driver"], entry.data.get("by", "")
        elif entry.kind == "rested":
            self.driver = self.driven_by = ""
        elif entry.kind == "answered":
            self.answered_by[entry.data["interrupt"]["id"]] = (entry.data.get("by", ""), entry.at)


@dataclass(slots=True)
class JournalState(LeaseState):
    """What the entries of an agent's journal say.

    Attributes:
        at_rest: The id of the message that was to come next when a call had ended, if nothing came since; else None.
        ledger: The ledger of an earlier release that was taken in: its name and its size in bytes.
        messages: Message id to the stored message as data.
        sizes: Message id to the size of its file in bytes.
        agent: The newest agent record as data, or None.
        finished: Tool use id to result, of the open turn.
        started: Tool use id to start, of the open turn.
        inner: What agents do in the tool uses of the open turn.
        asked: Interrupt id to interrupt as data, of the open turn; the answers are in it.
        pause: The pause in which they were asked, if the agent is a tool of another.
    """

    at_rest: int | None = None
    ledger: tuple[str, int] = ("", 0)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    agent: dict[str, Any] | None = None
    finished: dict[str, Any] = field(default_factory=dict)
    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    inner: OpenTurn | None = None
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    pause: str = ""

    def _note(self, entry: Entry) -> None:
        LeaseState._note(self, entry)
        self.at_rest = None
        take = getattr(self, f"_{entry.kind}", None) if entry.kind in _KINDS else None
        if take is not None:
            take(entry)

    def open_turn(self) -> OpenTurn:
        """Return what is on record of the newest message, for `Agent.restore`."""
        from strands._core.recorder import OpenTurn, ToolStart
        from strands.interrupt import Interrupt

        turn = OpenTurn(
            finished=dict(self.finished),
            started={id: ToolStart(**start) for id, start in self.started.items()},
            subagents=dict(self.inner.subagents) if self.inner is not None else {},
            pause=self.pause,
        )
        turn.interrupts.update((id, Interrupt.from_dict(data)) for id, data in self.asked.items())
        return turn

    def _opened(self, entry: Entry) -> None:
        self._imported(entry)

    def _imported(self, entry: Entry) -> None:
        if "ledger" in entry.data:
            self.ledger = (entry.data["ledger"]["name"], entry.data["ledger"]["size"])
        self.forget_turn()

    def _rested(self, entry: Entry) -> None:
        self.at_rest = entry.data.get("next_id")

    def _message(self, entry: Entry) -> None:
        self._redacted(entry)
        self.forget_turn()

    def _redacted(self, entry: Entry) -> None:
        stored = entry.data.get("stored") or _whole(entry.data)
        self.messages[stored["message_id"]] = stored
        self.sizes[stored["message_id"]] = entry.data["size"]

    def _started(self, entry: Entry) -> None:
        from strands._core.recorder import ambiguous_question_id

        tool_use_id = entry.data["tool_use_id"]
        first = ambiguous_question_id(tool_use_id)
        self.started[tool_use_id] = dict(entry.data)
        for id in [id for id, data in self.asked.items() if data.get("first", id) == first]:
            del self.asked[id]  # "run again" was for one run, and this is it

    def _finished(self, entry: Entry) -> None:
        self._forget(entry.data["tool_use_id"])
        self.finished[entry.data["tool_use_id"]] = entry.data["result"]

    def _inside(self, entry: Entry) -> None:
        if self.inner is None:
            from strands._core.recorder import OpenTurn

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

    def _agent(self, entry: Entry) -> None:
        self.agent = dict(entry.data)

    def forget_turn(self) -> None:
        """A message came after it: the turn is closed."""
        self.finished, self.started, self.asked, self.inner = {}, {}, {}, None


def _whole(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored message from what the journal keeps of one that was never changed."""
    return {
        "message": data["message"],
        "message_id": data["id"],
        "redact_message": None,
        "created_at": data["at"],
        "updated_at": data["at"],
    }
