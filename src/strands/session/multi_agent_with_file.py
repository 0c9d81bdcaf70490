"""The journal of a graph or a swarm, and beside it the file `multi_agent.json`, which others read and may write."""

from __future__ import annotations

import logging
from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from strands.journal.entries import FORMAT, Encoded
from strands.journal.errors import SessionDamagedError
from strands.journal.head import Head

from .directory_record import RecordWithFiles
from .journal_record import encoded, newer, opening
from .json_text import to_json
from .multi_agent_journal import MultiAgentJournal
from .multi_agent_record import cannot_be_read
from .multi_agent_state import MultiAgentState, StateFile, format_of, healed
from .pending import Pending

logger: logging.Logger = logging.getLogger(__name__)


class MultiAgentWithFile(MultiAgentJournal, RecordWithFiles):
    """A record that is a journal, with a file beside it; where they are kept is told by subclasses."""

    def reset(self) -> None:
        super().reset()
        self._seen: object = None
        self._damaged: bytes | None = None
        self._file: StateFile | None = None

    # -- what a store does in its own way -------------------------------------------------------------------------

    @property
    @abstractmethod
    def _file_name(self) -> str:
        """What the file is called in messages."""

    @property
    @abstractmethod
    def _opening(self) -> str:
        """The sum of the journal's first line, which tells it from every other."""

    @abstractmethod
    def _read_file(self) -> tuple[bytes | None, object]:
        """Return what the file holds, and what `_stamp` returns of it."""

    @abstractmethod
    def _stamp(self) -> object:
        """Return what is another one once somebody has written the file."""

    @abstractmethod
    def _read_journal(self) -> tuple[bytes, Head | None]:
        """Return what a damaged journal holds, and how far it is known to have been written."""

    @abstractmethod
    def _put_file(self, content: bytes) -> None:
        """Let the file hold this, once `write_layout_files` is called."""

    @abstractmethod
    def _remove_file(self) -> None:
        """Remove the file, for good when this returns."""

    @abstractmethod
    def _set_file_aside(self) -> str:
        """Keep a damaged file under another name; return that."""

    @abstractmethod
    def _keep_journal(self) -> str:
        """Keep a copy of a damaged journal; return its name."""

    def _locked(self) -> AbstractContextManager[Any]:
        """Let nobody else mend what is damaged while the block runs."""
        return nullcontext()

    # -- reading --------------------------------------------------------------------------------------------------

    def load(self) -> dict[str, Any] | None:
        Pending.settle(self.directory)
        with self._naming("read"):
            self.reset()
            content, self._seen = self._read_file()
            file = self._file = StateFile.read(content)
            journal = self._read()
            if file is not None and (journal is None or file.is_newer(journal)):
                return self._taken_in(file)
            if journal is None:
                return None
            self._mend(file)
            return journal.state

    def _healed(self, error: SessionDamagedError) -> MultiAgentState:
        content, told = self._read_journal()
        version = format_of(content)
        if version > FORMAT:
            raise newer(self.log.path, version)
        journal = healed(content, told, self._file)
        if journal is None:
            raise self._is_damaged(error.message) from error
        self._damaged = content
        logger.warning("%s; what it told is in %r as well, and is used", error.message, self._file_name)
        return journal

    def _taken_in(self, file: StateFile) -> dict[str, Any]:
        """Take up what another program, or an earlier release, has left."""
        if file.state is None:
            remedy = f"move {self._file_name!r} away to begin anew"
            raise cannot_be_read(self._session_id, self._id, file.damage, remedy)
        if file.damage:
            logger.warning("%r is damaged in one place; its second copy is whole and is used", self._file_name)
        self._imported = file.digest
        return file.state

    def _mend(self, file: StateFile | None) -> None:
        """Write what is damaged or outdated, unless somebody is at work there."""
        if self._driver and self.is_alive(self._driver):
            return
        if file is not None and file.state is None and file.damage:
            kept = self._set_file_aside()
            logger.warning("%r is damaged; it is kept as %r and mended from the journal", self._file_name, kept)
        if self._damaged is not None:
            self._write_sound()
        if file is None or file.text != self._text.whole:
            self._project(self._text.whole)
            self.write_layout_files()

    def _write_sound(self) -> None:
        damaged = self._damaged
        whole = encoded("state", "", f'{{"state":{{"set":{self._text.whole}}}}}')

        def sound(content: bytes, unmoved: bool) -> list[Encoded] | None:
            return [encoded("opened", "", to_json(opening())), whole] if content == damaged else None

        with self._locked():
            kept = self._keep_journal()
            if not self.log.replace(sound):
                raise self.refusal(self._stale(self._other))
        logger.warning("%r: it is written anew; as it was, it is kept as %r", str(self.log.path), kept)
        self._damaged = None
        self.mended()

    # -- the lease, and the file ----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._damaged is not None:  # somebody else was at work when it was read
            if self._driver and self.is_alive(self._driver):
                raise self.refusal(self._held())
            self._write_sound()

    def _changed_outside(self) -> str:
        if self._stamp() == self._seen:
            return ""
        content, stamp = self._read_file()
        file = StateFile.read(content)
        if file is not None and not file.is_of_a_journal and file.digest != self._imported:
            return "another program has written to it"
        self._seen = stamp
        return ""

    def _project(self, text: str) -> None:
        """Let the file that others read say this once nobody waits."""
        self._put_file(StateFile.content(text, self._opening, self.log.count))
        Pending.add(self)

    def _withdraw(self) -> None:
        self._remove_file()
        self._seen = self._stamp()

    def write_layout_files(self) -> None:
        is_due = bool(self.layout.dirty_files)
        super().write_layout_files()
        if is_due and not self.layout.dirty_files:
            self._seen = self._stamp()
