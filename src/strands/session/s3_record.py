"""An agent's record in an object store, where a conditional write is the only lock there is.

Each write adds one object `ledger/<n>.json`, on the condition that there is none of that number yet: of two writers
one is refused before anything is built on its write. An object says from which number on the ledger still matters;
everything before is in the objects of the session layout.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strands.journal.entries import Entry
from strands.types.session import SessionAgent, SessionMessage

from .agent_record import AgentRecord, Loaded, skippable
from .journal_state import JournalState
from .lost_turn import LostTurn, recall
from .record import Draft, stale
from .redaction import InsideRedaction, Redaction

if TYPE_CHECKING:
    from .s3_store import S3Store

logger: logging.Logger = logging.getLogger(__name__)

_DIGITS = 12


class S3Record(AgentRecord):
    """The record below the key `prefix`, which is `[<prefix>/]session_<id>/agents/agent_<id>/`."""

    def __init__(self, store: S3Store, prefix: str, session_id: str, agent_id: str) -> None:
        self._store = store
        self._prefix = prefix
        self._session_id = session_id
        self._agent_id = agent_id
        self._number = 0
        self._since = 0
        self._next_id = 0

    def load(self) -> Loaded | None:
        ids = self.message_ids()
        body = self._store.read(f"{self._prefix}agent.json")
        agent = SessionAgent.from_dict(body) if body is not None else None
        fold, is_damaged = self._read_ledger()
        if fold.agent is not None and (agent is None or agent.updated_at < fold.agent["updated_at"]):
            agent = SessionAgent.from_dict(fold.agent)
            self._store.write(f"{self._prefix}agent.json", agent.to_dict())
        skipped = 0 if is_damaged else min(skippable(agent), max(len(ids) - 1, 0))
        messages = self._messages(ids[skipped:])
        turn_is_recorded = (max(messages) if messages else -1) in {-1, *fold.messages}
        for id in fold.messages.keys() - messages.keys() - set(ids[:skipped]):
            messages[id] = SessionMessage.from_dict(fold.messages[id])
            self._store.write(self.message_key(id), fold.messages[id])
        if is_damaged:
            self._settle(fold, messages, agent)
            turn_is_recorded = True
        if agent is None and not messages:
            return None
        self._next_id = max(messages) + 1 if messages else 0
        turn = fold.open_turn() if turn_is_recorded and fold.messages else None
        return Loaded(agent, [messages[id] for id in sorted(messages)], turn, self._next_id, skipped)

    def oldest(self, count: int) -> list[SessionMessage]:
        found = self._messages(self.message_ids()[:count])
        return [found[id] for id in sorted(found)]

    def _messages(self, ids: list[int]) -> dict[int, SessionMessage]:
        bodies = self._store.read_all([self.message_key(id) for id in ids])
        return {id: SessionMessage.from_dict(body) for id, body in zip(ids, bodies, strict=True) if body is not None}

    def _settle(self, fold: JournalState, messages: dict[int, SessionMessage], agent: SessionAgent | None) -> None:
        """Let nothing happen unasked that the lost objects may have told of."""
        for id in messages.keys() - fold.messages.keys():
            fold.messages[id] = messages[id].to_dict()
        if agent is not None:
            fold.agent = vars(agent)
        recall(fold)
        where = f"objects below {self._prefix}ledger/ are lost"
        logger.warning("%s", where)
        changed = LostTurn(fold, float("inf"), where).settle()
        for id in sorted(fold.messages):
            if id == changed or id not in messages:
                messages[id] = SessionMessage.from_dict(fold.messages[id])
                self._store.write(self.message_key(id), fold.messages[id])

    def begin(self) -> None:
        if self._store.exists(self._ledger_key(self._number)):
            raise self.refusal(self._stale("another agent has written to it"))
        if self._store.exists(self.message_key(self._next_id)):
            raise self.refusal(self._stale("another program has added messages"))

    def end(self) -> None:
        """Nothing is held."""

    def write(self, drafts: Sequence[Draft], *, durable: bool) -> None:
        if not drafts:
            return
        items = [(draft.kind, draft.data if draft.stored is None else draft.stored.to_dict()) for draft in drafts]
        if any(draft.kind == "message" for draft in drafts):
            self._since = self._number
        entries = [
            {"kind": kind, "data": {"size": 0, "stored": data} if kind in ("message", "redacted") else data}
            for kind, data in items
        ]
        body = {"format": 1, "by": uuid.uuid4().hex, "at": time.time(), "since": self._since, "entries": entries}
        key = self._ledger_key(self._number)
        if not self._store.create(key, body) and (self._store.read(key) or {}).get("by") != body["by"]:
            raise self.refusal(self._stale("another agent has written to it"))
        self._number += 1
        for draft, (_, data) in zip(drafts, items, strict=True):
            if draft.taken is not None:
                self._clear(draft.taken)
            if isinstance(draft.stored, SessionMessage):
                self._store.write(self.message_key(draft.stored.message_id), data)
                if draft.kind == "redacted":
                    self._clear(Redaction.of(draft.stored))
                self._next_id = max(self._next_id, draft.stored.message_id + 1)
            elif isinstance(draft.stored, SessionAgent):
                self._store.write(f"{self._prefix}agent.json", data)

    def _clear(self, redaction: Redaction | InsideRedaction) -> None:
        """Take what was said out of the objects that tell of it; they keep their numbers."""
        for number in reversed(range(self._number)):
            body = self._store.read(self._ledger_key(number))
            if body is None:
                return
            entries = body.get("entries", [])
            changed = [redaction.cleared(each["kind"], each["data"]) for each in entries]
            if any(data is not None for data in changed):
                told = zip(entries, changed, strict=True)
                body["entries"] = [each if data is None else {**each, "data": data} for each, data in told]
                self._store.write(self._ledger_key(number), body)
            if any(redaction.begins_before(each["kind"], each["data"]) for each in entries):
                return

    def message_key(self, message_id: int) -> str:
        """Return where a message is kept."""
        return f"{self._prefix}messages/message_{message_id}.json"

    def message_ids(self) -> list[int]:
        """Return the ids of the stored messages, lowest first."""
        start = f"{self._prefix}messages/message_"
        names = (key[len(start) :].removesuffix(".json") for key in self._store.keys(start))
        return sorted(int(name) for name in names if name.isdecimal())

    def _read_ledger(self) -> tuple[JournalState, bool]:
        """Return what the objects say that still matter, and whether one of them is lost."""
        start = f"{self._prefix}ledger/"
        numbers = sorted(int(key[len(start) : len(start) + _DIGITS]) for key in self._store.keys(start))
        if not numbers:
            return JournalState(), False
        self._number = numbers[-1] + 1
        self._since = self._since_when(numbers)
        wanted = list(range(self._since, self._number))
        bodies = self._store.read_all([self._ledger_key(number) for number in wanted])
        fold = JournalState()
        for body in bodies:
            fold.take(_entries(body or {}))
        return fold, None in bodies

    def _since_when(self, numbers: list[int]) -> int:
        """Return from which number on the ledger matters, by the newest object that can be read."""
        for number in reversed(numbers):
            body = self._store.read(self._ledger_key(number))
            if body is not None:
                return int(body["since"])
        return numbers[0]

    def _ledger_key(self, number: int) -> str:
        return f"{self._prefix}ledger/{number:0{_DIGITS}}.json"

    def _stale(self, why: str) -> str:
        return stale(self._session_id, self._agent_id, why)


def _entries(body: dict[str, Any]) -> list[Entry]:
    return [Entry(seq, item["kind"], "", item["data"], body["at"]) for seq, item in enumerate(body.get("entries", []))]
