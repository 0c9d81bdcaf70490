"""An agent's record as a journal, and beside it the files of the session layout."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from strands.journal.drivers import Drivers
from strands.journal.entries import Encoded
from strands.types.session import SessionAgent, SessionMessage

from .agent_entries import AgentEntries
from .agent_record import Loaded
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


class AgentWithFiles(AgentEntries, RecordWithFiles):
    """The record of an agent as a journal, with files beside it; where they are kept is told by subclasses."""

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

    def _recorded(self, drafts: Sequence[SessionDraft], contents: Sequence[bytes]) -> None:
        for draft, content in zip(drafts, contents, strict=True):
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

    def _redact(self, items: Sequence[Encoded], redactions: Sequence[AnyRedaction]) -> None:
        # A message's file goes first: who reads one of another size than the journal's takes it for a newer message.
        for each in redactions:
            if isinstance(each, Redaction):
                self.layout.remove_message(each.message_id)
        super()._redact(items, redactions)


class AgentJournal(AgentWithFiles, DirectoryRecord):
    """The record in `directory`, which is `<storage>/session_<id>/agents/agent_<id>`."""

    layout: Layout

    def __init__(self, disk: Disk, directory: Path, session_id: str, agent_id: str, drivers: Drivers) -> None:
        super().__init__(disk, directory, session_id, agent_id, Layout(disk, directory), drivers)

    def new_reading(self) -> JournalReading:
        from .file_reading import FileReading

        return FileReading(self)
