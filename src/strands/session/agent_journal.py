"""An agent's record as a journal, and beside it the files of the session layout."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from strands.journal import lines
from strands.journal.drivers import Drivers
from strands.journal.entries import Encoded
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage

from .agent_record import AgentRecord, Loaded
from .directory_record import DirectoryRecord, FilesBeside, RecordWithFiles
from .disk import Disk
from .journal_record import encoded, read_line
from .json_text import to_json
from .layout import MOST_IN_MEMORY, Layout, message_texts
from .pending import Pending
from .record import Draft
from .redaction import AnyRedaction, Redaction

if TYPE_CHECKING:
    from .journal_reading import JournalReading


class AgentFiles(FilesBeside, Protocol):
    """The files of an agent in the layout that other programs read."""

    def check(self) -> None:
        """Check that nobody else may write to them.

        Raises:
            NotPrivateError: Somebody may.
        """
        ...

    def has_message(self, message_id: int) -> bool:
        """Return whether a message's file is there."""
        ...

    def put_message(self, stored: SessionMessage, content: bytes) -> None:
        """Let a message's file have this content once `write` is called."""
        ...

    def put_agent(self, content: bytes) -> None:
        """Let the agent's file have this content once `write` is called."""
        ...

    def remove_message(self, message_id: int) -> None:
        """Remove a message's file, for good when this returns."""
        ...


class AgentEntries(RecordWithFiles, AgentRecord):
    """The record of an agent, wherever its journal is."""

    layout: AgentFiles
    _reading: JournalReading | None = None

    @abstractmethod
    def new_reading(self) -> JournalReading:
        """Return what reads it back."""

    def reset(self) -> None:
        super().reset()
        self._next_id = 0

    def load(self) -> Loaded | None:
        Pending.settle(self.directory)
        with self._naming("read"):
            self.layout.check()
            reading = self.new_reading()
            loaded = reading.load()
            while self.refused:  # somebody else has taken in what another program left: read what came of it
                self.reset()
                reading = self.new_reading()
                loaded = reading.load()
        self._reading = None if reading.mended else reading
        self._next_id = loaded.next_id if loaded else 0
        return loaded

    def _prepare(self) -> None:
        if self._reading is not None:  # somebody else was at work when it was read
            if not self._reading.mend():
                raise self.refusal(self._held())
            self._reading = None

    def _changed_outside(self) -> str:
        return "another program has added messages" if self.layout.has_message(self._next_id) else ""

    def rested(self, next_id: int) -> Draft:
        return Draft("rested", {"next_id": next_id})

    def write(self, drafts: Sequence[Draft], *, durable: bool) -> None:
        if not self._my_driver:
            raise SessionException(self._not_held())
        with self._naming("write"):
            told = [self._told(draft) for draft in drafts]
            items, redactions = [item for item, _ in told], list(_redactions(drafts))
            if redactions:
                items = [_without(redactions, item) for item in items]
                self._append(items, durable, partial(self._redact, items, redactions))
            else:
                self._append(items, durable)
            self.has_rested = bool(drafts) and drafts[-1].kind == "rested"
            for draft, (_, content) in zip(drafts, told, strict=True):
                self._put(draft.stored, content)
        if self.layout.dirty_files > MOST_IN_MEMORY:
            self.write_layout_files()

    def _told(self, draft: Draft) -> tuple[Encoded, bytes]:
        """Return the entry of a draft, and what a file of the layout says of it."""
        stored = draft.stored
        if isinstance(stored, SessionMessage):
            text, content = message_texts(stored)
            return encoded(draft.kind, f"messages/{stored.message_id}", text), content
        key = _key(draft.data) if stored is None else ""
        item = encoded(draft.kind, key, draft.text or to_json(draft.data if stored is None else vars(stored)))
        return item, item.data

    def _put(self, stored: SessionMessage | SessionAgent | None, content: bytes) -> None:
        if isinstance(stored, SessionMessage):
            self.layout.put_message(stored, content)
            self._next_id = max(self._next_id, stored.message_id + 1)
        elif stored is not None:
            self.layout.put_agent(content)
        else:
            return
        Pending.add(self)

    def _redact(self, items: list[Encoded], redactions: Sequence[AnyRedaction]) -> None:
        """Append `items` and take what was said out of the journal, both at once.

        A message's file goes first: whoever reads one of another size than the journal's takes it for a newer message.
        """
        for each in redactions:
            if isinstance(each, Redaction):
                self.layout.remove_message(each.message_id)

        def without(content: bytes, unmoved: bool) -> list[Encoded] | None:
            if not unmoved or self.log.count != self._count:
                return None
            there = [
                encoded(*each[1:3], to_json(each.data), each.at) for each in lines.parse(content, read=read_line)[0]
            ]
            return [*(_without(redactions, item) for item in there), *items]

        if not self.log.replace(without):
            raise Conflict([])


class AgentJournal(AgentEntries, DirectoryRecord):
    """The record in `directory`, which is `<storage>/session_<id>/agents/agent_<id>`."""

    layout: Layout

    def __init__(self, disk: Disk, directory: Path, session_id: str, agent_id: str, drivers: Drivers) -> None:
        super().__init__(disk, directory, session_id, agent_id, Layout(disk, directory), drivers)

    def new_reading(self) -> JournalReading:
        from .file_reading import FileReading

        return FileReading(self)


def _redactions(drafts: Sequence[Draft]) -> Iterator[AnyRedaction]:
    for draft in drafts:
        if draft.kind == "redacted" and isinstance(draft.stored, SessionMessage):
            yield Redaction.of(draft.stored)
        if draft.taken is not None:
            yield draft.taken


def _without(redactions: Sequence[AnyRedaction], item: Encoded) -> Encoded:
    """Return an entry without what was taken back."""
    for each in redactions:
        cleared = each.cleared(item.kind, read_line(item.data))
        if cleared is not None:
            item = encoded(item.kind, item.key, to_json(cleared), item.at)
    return item


def _key(data: Mapping[str, Any]) -> str:
    """Return the key of an entry that tells of a tool use; "" for others."""
    tool_use_id = data.get("tool_use_id") or (data["path"][0] if "path" in data else "")
    return f"tools/{tool_use_id}" if tool_use_id else ""
