"""An agent's record as a journal, and beside it the files of the session layout."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from strands.journal.drivers import Drivers
from strands.journal.entries import Encoded
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage

from .agent_entries import as_stored, redacted, redactions_in, without
from .agent_record import AgentRecord, Loaded
from .directory_record import DirectoryRecord, FilesBeside, RecordWithFiles
from .disk import Disk
from .layout import MOST_IN_MEMORY, Layout
from .pending import Pending
from .record import SessionDraft
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

    def rested(self, next_id: int) -> SessionDraft:
        return SessionDraft("rested", {"next_id": next_id})

    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        if not self._my_driver:
            raise SessionException(self._not_held())
        with self._naming("write"):
            texts = [as_stored(draft) for draft in drafts]
            items, redactions = [item for item, _ in texts], list(redactions_in(drafts))
            if redactions:
                items = [without(redactions, item) for item in items]
                self._append(items, durable, partial(self._redact, items, redactions))
            else:
                self._append(items, durable)
            self.has_rested: bool = bool(drafts) and drafts[-1].kind == "rested"
            for draft, (_, content) in zip(drafts, texts, strict=True):
                self._put(draft.stored, content)
        if self.layout.dirty_files > MOST_IN_MEMORY:
            self.write_layout_files()

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

        if not redacted(self.log, self._count, items, redactions):
            raise Conflict([])


class AgentJournal(AgentEntries, DirectoryRecord):
    """The record in `directory`, which is `<storage>/session_<id>/agents/agent_<id>`."""

    layout: Layout

    def __init__(self, disk: Disk, directory: Path, session_id: str, agent_id: str, drivers: Drivers) -> None:
        super().__init__(disk, directory, session_id, agent_id, Layout(disk, directory), drivers)

    def new_reading(self) -> JournalReading:
        from .file_reading import FileReading

        return FileReading(self)
