"""An agent's record in a directory: its ledger, and beside it the files of the session layout.

What must outlive a crash is appended to `ledger.jsonl` and synced there. `agent.json` and `messages/message_<n>.json`
are written whole, by rename and without waiting for the disk, before the lease is given back; what a crash takes from
them is mended from the ledger at the next load. Files that another program wrote or changed are taken as they are.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strands._home import check_private
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage

from .agent_record import AgentRecord, Draft, Loaded, stale
from .disk import Disk, Moved, Naming
from .lease import noted
from .ledger import Fold, Kind, to_json
from .ledger_file import LedgerFile
from .ledger_scan import Head
from .redaction import Redaction

if TYPE_CHECKING:
    from .file_reading import FileReading
    from .lease import Lease

LEDGER = "ledger.jsonl"
LEASE = "lease.lock"
AGENT = "agent.json"
MESSAGES = "messages"
_OWED = 64
"""Files whose content may wait in memory for the end of a call."""


class FileRecord(AgentRecord):
    """The record in `directory`, which is `<storage>/session_<id>/agents/agent_<id>`."""

    begins_at_once = True

    def __init__(self, disk: Disk, directory: Path, session_id: str, agent_id: str) -> None:
        self.disk = disk
        self.directory = directory
        self._messages = directory / MESSAGES
        self._lease_path = directory / LEASE
        self._agent_path = directory / AGENT
        self.ledger: LedgerFile = LedgerFile(disk, directory / LEDGER, root=directory.parent.parent.parent)
        self._session_id = session_id
        self._agent_id = agent_id
        self._next_id = 0
        self._owed: OrderedDict[Path, bytes] = OrderedDict()
        self._tidying = threading.Lock()
        self._lease: Lease | None = None
        self._reading: FileReading | None = None

    def load(self) -> Loaded | None:
        from .file_reading import FileReading

        with self._naming("read"):
            for directory in (self.directory.parent, self.directory, self._messages):
                check_private(directory)
            reading = FileReading(self, Head.decode(noted(self._lease_path)))
            loaded = reading.load()
        self._reading = None if reading.mended else reading
        self._owed.clear()
        self._next_id = loaded.next_id if loaded else 0
        return loaded

    def begin(self) -> None:
        if self._holds():
            return
        with self._naming("write"):
            self.disk.make_directory(self._messages)
            lease = self.disk.lock(self._lease_path)
            if lease is None:
                raise self.refusal(self._held())
            try:
                self._check_unchanged()
                if self._reading is not None:  # somebody else was at work when it was read
                    self._reading.mend_under(lease)
                    self._reading = None
            except BaseException:
                lease.release()
                raise
            self._lease = lease

    def end(self) -> None:
        lease, self._lease = self._lease, None
        if lease is None:
            return
        if lease.is_held() and self.ledger.is_sound:
            self.note_head(lease, at_rest=not self._owed)
        lease.release()

    def note_head(self, lease: Lease, *, at_rest: bool) -> None:
        """Note with the lease how far the ledger is on disk, so that a lost end is noticed."""
        try:
            lease.note(self.ledger.head(self._next_id, at_rest=at_rest).encode())
        except OSError:
            return  # it guards against damage, and promises nothing

    def forked(self) -> None:
        self._tidying = threading.Lock()
        self._lease = None

    def _holds(self) -> bool:
        return self._lease is not None and self._lease.is_held()

    def write(self, drafts: Sequence[Draft], *, durable: bool) -> None:
        lease = self._lease
        if lease is None or not lease.is_held():
            raise SessionException(self._not_held())
        with self._naming("write"):
            items, files, next_id = self._encoded(drafts)
            try:
                self.ledger.append(items, durable=durable)
            except Moved:
                raise self.refusal(self._stale("another agent has written to it")) from None
            for draft in drafts:
                if draft.kind == "redacted" and isinstance(draft.stored, SessionMessage):
                    self.ledger.clear(Redaction.of(draft.stored).cleared)
            self._next_id = next_id
            self._owed.update(files)
            if durable:
                self.note_head(lease, at_rest=False)
        if len(self._owed) > _OWED:
            self.tidy()

    def tidy(self) -> None:
        if not self._holds():
            raise SessionException(self._not_held())
        with self._tidying, self._naming("write"):
            while self._owed:
                path, content = self._owed.popitem(last=False)
                try:
                    self._put(path, content)
                except BaseException:
                    self._owed.setdefault(path, content)
                    raise

    def _put(self, path: Path, content: bytes) -> None:
        if path is self._agent_path:
            self.disk.update(path, content)
        else:
            self.disk.replace(path, content)

    def message_path(self, message_id: int) -> Path:
        """Return where a message is kept."""
        return self._messages / f"message_{message_id}.json"

    def _encoded(self, drafts: Sequence[Draft]) -> tuple[list[tuple[Kind, str]], dict[Path, bytes], int]:
        items: list[tuple[Kind, str]] = []
        files: dict[Path, bytes] = {}
        next_id = self._next_id
        for draft in drafts:
            if isinstance(draft.stored, SessionMessage):
                text, content = message_texts(draft.stored)
                files[self.message_path(draft.stored.message_id)] = content
                next_id = max(next_id, draft.stored.message_id + 1)
            elif isinstance(draft.stored, SessionAgent):
                text = draft.text or to_json(vars(draft.stored))
                files[self._agent_path] = text.encode()
            else:
                text = draft.text or to_json(draft.data)
            items.append((draft.kind, text))
        return items, files, next_id

    def _check_unchanged(self) -> None:
        news = self.ledger.news()
        if news is not None:
            raise self.refusal(self._stale(_told(news)))
        if self.disk.size(self.message_path(self._next_id)) >= 0:
            raise self.refusal(self._stale("another program has added messages"))

    def _stale(self, why: str) -> str:
        return stale(self._session_id, self._agent_id, why)

    def _held(self) -> str:
        holder = self.disk.holder(self._lease_path) or "another process"
        return (
            f"session {self._session_id!r}, agent {self._agent_id!r} is at work elsewhere: {holder} holds its lease "
            f"{str(self._lease_path)!r}. Nothing was written. Wait for that call to end, "
            "then create the agent again"
        )

    def _not_held(self) -> str:
        return (
            f"session {self._session_id!r}, agent {self._agent_id!r}: this process does not hold the lease "
            f"{str(self._lease_path)!r}, as after a fork. Nothing was written. Create the agent again"
        )

    def _naming(self, deed: str) -> Naming:
        return Naming(f"could not {deed} agent {self._agent_id!r} of session {self._session_id!r}", self.directory)


def message_texts(stored: SessionMessage) -> tuple[str, bytes]:
    """Return what the ledger keeps of a message, as JSON, and the content of the message's file."""
    message, id = to_json(stored.message), stored.message_id
    created, updated = to_json(stored.created_at), to_json(stored.updated_at)
    redacted = "null" if stored.redact_message is None else to_json(stored.redact_message)
    text = (
        f'{{"message":{message},"message_id":{id},"redact_message":{redacted},'
        f'"created_at":{created},"updated_at":{updated}}}'
    )
    if stored.redact_message is not None or updated != created:
        return f'{{"size":{len(text)},"stored":{text}}}', text.encode()
    return f'{{"size":{len(text)},"id":{id},"at":{created},"message":{message}}}', text.encode()


def _told(news: Fold) -> str:
    if not news.answered_by:
        return "another agent has written to it"
    interrupt_id, (by, at) = next(iter(news.answered_by.items()))
    return f"interrupt {interrupt_id!r} was answered by {by or 'another process'} at {moment(at)}"


def moment(at: float) -> str:
    """Return a Unix time in seconds as text for people."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
