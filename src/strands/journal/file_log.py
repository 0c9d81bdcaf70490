"""The log in a journal's file: read without a lock, appended to under an OS lock that is held for microseconds.

Reading changes nothing: what is not whole yet is not there yet. Only who is about to append cuts off what a dead writer
left torn, and keeps it beside the journal. Its methods wait for the disk; `FileJournal` is the same for an event loop.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from strands.journal import faults, files, head, lifetime, lines
from strands.journal.changes import ChangeNotes
from strands.journal.entries import FORMAT, NEWEST_FORMAT, Draft, Encoded, Entry
from strands.journal.errors import SessionDamagedError, SessionNotFoundError, StorageError
from strands.journal.files import FileOperations
from strands.journal.handle import Handle, JournalFile, Writing
from strands.journal.head import Head
from strands.journal.known import Known
from strands.journal.protocol import Conflict

logger: logging.Logger = logging.getLogger(__name__)

_END_SIZE = 64
"""Bytes that surely hold the sum at the end of a line."""


class FileLog(Known):
    """The log in `directory`/journal.jsonl. It keeps no entries: who reads it folds them.

    Args:
        directory: The session's directory.
        session_id: The session's id, for messages.
        disk: The file operations.
        read: Reads the JSON of a line.
        changes: Where it is noted that the log changes; None for nowhere.
    """

    def __init__(
        self,
        directory: Path | str,
        session_id: str,
        *,
        disk: FileOperations = files,
        read: lines.Read = lines.read_json,
        changes: ChangeNotes | None = None,
    ) -> None:
        super().__init__(session_id, read)
        self._disk = disk
        self._file = JournalFile(directory, session_id, disk, changes)
        self._opening = ""
        self._ending = b""
        self._synced = 0
        self._open_line = False

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._file.name)

    @property
    def opening(self) -> str:
        """The sum of the first line, which tells this journal from every other."""
        return self._opening

    @property
    def is_on_disk(self) -> bool:
        """Whether something of it, and its name, is known to outlive a power loss."""
        return self._synced > 0

    def begin(self, drafts: Sequence[Draft | Encoded]) -> None:
        """Begin the journal with these entries, at once and on disk before this returns.

        Raises:
            SessionExistsError: The journal has been begun.
            StorageError: It cannot be written.
        """
        content, entries, self._sum = lines.encode(drafts, 0, "", read=self._reads_back)
        self._opening = lines.sum_of(content.partition(b"\n")[0])
        self._took(entries, len(drafts), drafts[-1].kind)
        self._placed(entries, content, 0)
        self._size, self._synced, self._ending = len(content), self.count, content[-_END_SIZE:]
        try:
            self._file.adopt(lifetime.begin(self._file.name, self._id, content, self._disk, self._file.note))
        except OSError as error:
            raise self._file.error(error) from error
        if len(drafts) > 1:  # the opening alone is there as a whole, or there is no session
            self._file.write_head(self._head())

    def news(self) -> list[Entry]:
        """Return the entries that are not known yet, all of them at first.

        Raises:
            SessionNotFoundError: There is no such session, or it was deleted.
            SessionDamagedError: An entry fails its checksum, or the format is newer than this build's.
        """
        self._check_there()
        return self._look()  # even if it is as long as before: another of this id may be there

    def write(self, drafts: Sequence[Draft | Encoded], *, expect: int, durable: bool = False) -> list[Entry]:
        """Append as `Journal.append` does, and wait for the disk."""
        if not durable:
            return self._append(drafts, expect)
        self._file.keep_open()
        try:
            entries = self._append(drafts, expect)
            try:
                self._sync_now(self._file.handle, self._head())
            except (StorageError, OSError) as error:
                self._broken = getattr(error, "message", "") or str(error)
                raise
            return entries
        finally:
            self._file.let_close()

    def replace(
        self, make: Callable[[bytes, bool], Sequence[Draft | Encoded] | None], *, keep_opening: bool = False
    ) -> bool:
        """Replace all entries at once and durably, while nobody appends.

        Args:
            make: Is shown the bytes that are there, and told whether this object knows all of them; returns the entries
                that shall be, or None to leave all as it is.
            keep_opening: The opening line stays as it is: it tells this session from every other.

        Returns:
            Whether they were replaced.
        """
        if self._file.handle is not None:
            self._file.write_due_head(self._file.handle)  # what it says is about to be over
        with Writing(self._file) as file:
            there = os.pread(file, os.fstat(file).st_size, 0)
            drafts = make(there, self.count > 0 and self._unmoved(file))
            if drafts is None:
                return False
            first = [Draft(*each) for each in drafts[:1] if keep_opening and not isinstance(each.data, bytes)]
            kept = there[: there.index(b"\n") + 1] if first else b""
            after = lines.sum_of(kept[:-1]) if kept else ""
            content, entries, last_sum = lines.encode(drafts[len(first) :], len(first), after, read=self._reads_back)
            content, entries = kept + content, [*lines.as_read(first, 0), *entries]
            files.sweep_temporary(os.path.dirname(self._file.name))
            self._file.note()
            self._disk.replace(self.path, content, durable=True)
        self._file.handle = None
        self._forget()
        self._took(entries, len(drafts), drafts[-1].kind)
        self._placed(entries, content, 0)
        self._size, self._synced, self._sum = len(content), self.count, last_sum
        self._ending = content[-_END_SIZE:]
        self._opening = lines.sum_of(content.partition(b"\n")[0])
        self._file.write_head(self._head())
        return True

    def keep_open(self) -> None:
        """Keep the files open that an append opens, until as many calls of `let_close`."""
        self._file.keep_open()

    def let_close(self) -> None:
        """The files need not be kept open any longer."""
        self._file.let_close()

    def is_unmoved(self) -> bool:
        """Return whether nobody else has written since this object read or wrote."""
        with Writing(self._file) as file:
            return self._unmoved(file)

    def _append(self, drafts: Sequence[Draft | Encoded], expect: int) -> list[Entry]:
        self._check_writable()
        with Writing(self._file) as file:
            newer = self._catch_up(file)
            if newer:
                raise Conflict(newer)
            if expect != self.count:
                raise Conflict(self._known[expect:])
            content, entries, last_sum = lines.encode(
                drafts, expect, self._sum, synced=self._synced, read=self._reads_back
            )
            if drafts:
                self._write(file, content)
                self._took(entries, len(drafts), drafts[-1].kind)
                self._placed(entries, content, self._size - len(content))
                self._sum, self._ending = last_sum, content[-_END_SIZE:]
        return entries

    def _placed(self, entries: Sequence[Entry], content: bytes, offset: int) -> None:
        """Take notice of where entries are: in `content`, which begins at `offset` of the file."""

    # -- reading --------------------------------------------------------------------------------------------------

    def _look(self) -> list[Entry]:
        """Read what is new without a lock; what looks damaged is read again while nobody writes."""
        told = None if self.count else self._file.read_head()
        try:
            handle, file = self._file.opened(os.O_RDONLY)
            try:
                return self._look_at(file, told)
            finally:
                if handle is None:
                    os.close(file)
        except OSError as error:
            raise self._file.error(error) from error

    def _look_at(self, file: int, told: Head | None) -> list[Entry]:
        if self.count and self._unmoved(file):
            return []
        try:
            return self._take_in(file, told)[0]
        except SessionDamagedError:
            release = self._disk.lock(file, self.path, shared=True)
            try:
                return self._take_in(file, told)[0]
            finally:
                release()

    def _take_in(self, file: int, told: Head | None = None) -> tuple[list[Entry], lines.Damage | None]:
        """Read what the file holds beyond what is known; return the new entries, and what is torn behind them."""
        size = os.fstat(file).st_size
        if not self._is_ours(file, size):
            raise self._replaced(file, size)
        content = os.pread(file, size - self._size, self._size)
        parsed = lines.parse(content, seq=self.count, last_sum=self._sum, begin=self._size, read=self._read)
        if parsed.damage is not None and not parsed.damage.torn:
            raise faults.damaged(self.path, self._id, parsed.damage.line, parsed.damage.cause)
        if not self.count:
            self._begin(parsed, content, told)
        if parsed.entries:
            self._took(parsed.entries, len(parsed.entries), parsed.entries[-1].kind)
            self._placed(parsed.entries, content, self._size)
        self._size += parsed.size
        if parsed.size:
            self._open_line = content[parsed.size - 1 : parsed.size] != b"\n"
        self._sum, self._ending = parsed.last_sum, b""
        self._synced = max(self._synced, parsed.synced)
        self._check_there()
        return parsed.entries, parsed.damage

    def _begin(self, parsed: lines.Parsed, content: bytes, told: Head | None) -> None:
        """Look at a journal that is read for the first time: its format, and whether all is there that should be."""
        if not parsed.entries and told is not None:
            cause = parsed.damage.cause if parsed.damage is not None else "nothing is there"
            raise faults.damaged(self.path, self._id, 1, f"it was on disk, and {cause}")
        if not parsed.entries:
            raise faults.missing(self._id)
        version = parsed.entries[0].data.get("format", FORMAT)
        if version > NEWEST_FORMAT:
            raise faults.newer(self._id, version)
        if told is not None and told.opening == parsed.first_sum:
            self._compare(parsed, content, told)
            self._synced = told.entries
        self._opening = parsed.first_sum

    def _compare(self, parsed: lines.Parsed, content: bytes, told: Head) -> None:
        """Notice what was on disk and is gone, although what is left looks whole."""
        lost = told.entries - len(parsed.entries)
        if lost <= 0 and lines.ends_with(content[: told.size][-_END_SIZE:], told.last):
            return
        if any(each.kind == "redacted" for each in parsed.entries[told.entries :]):
            return  # all was written anew since the head was, and the head comes after
        cause = "it is not the line that was on disk"
        if lost > 0:
            cause = "1 entry that was" if lost == 1 else f"{lost} entries that were"
            cause += f" on disk {'is' if lost == 1 else 'are'} missing"
        if parsed.damage is not None:
            cause += f": {parsed.damage.cause}"
        line = min(len(parsed.entries) + 1, told.entries)
        raise faults.damaged(self.path, self._id, line, cause, head=head.NAME)

    def _unmoved(self, file: int) -> bool:
        """Whether the file ends where this object left it, so that there is nothing to read."""
        ending = self._ending
        if ending and os.pread(file, len(ending) + 1, self._size - len(ending)) == ending:
            return True
        begin = max(0, self._size - _END_SIZE)
        end = os.pread(file, _END_SIZE + 1, begin)
        if len(end) != self._size - begin or not lines.ends_with(end, self._sum):
            return False
        self._open_line = not end.endswith(b"\n")
        return True

    def _is_ours(self, file: int, size: int) -> bool:
        """Whether the file still ends, or goes on, where this object left it."""
        if not self.count:
            return True
        if size < self._size:
            return False
        end = self._end(file, self._size)
        self._open_line = not end.endswith(b"\n")
        return lines.ends_with(end, self._sum)

    def _end(self, file: int, size: int) -> bytes:
        """Return the last bytes of the first `size`: enough for the sum of the line that ends there."""
        begin = max(0, size - _END_SIZE)
        return os.pread(file, size - begin, begin)

    def _replaced(self, file: int, size: int) -> SessionNotFoundError | SessionDamagedError:
        if self._first_sum(file) != self._opening:
            return faults.begun_anew(self._id)
        return faults.changed(self.path, "became shorter" if size < self._size else "was changed by something else")

    def _first_sum(self, file: int) -> str:
        """Return the sum of the opening line, which tells this session from every other."""
        return lines.sum_of(os.pread(file, os.fstat(file).st_size, 0).partition(b"\n")[0])

    # -- writing --------------------------------------------------------------------------------------------------

    def _catch_up(self, file: int) -> list[Entry]:
        """Read what others appended since, under the lock; what one of them left torn makes room."""
        first = not self.count
        if not first and self._unmoved(file):
            return []
        newer, torn = self._take_in(file, self._file.read_head() if first else None)
        if torn is not None:
            self._cut(file, torn)
        return [] if first else newer

    def _cut(self, file: int, torn: lines.Damage) -> None:
        told = self._file.read_head()
        if told is not None and told.opening == self._opening and told.entries > self.count:
            raise faults.damaged(self.path, self._id, torn.line, torn.cause)
        size = os.fstat(file).st_size
        copy = self._disk.keep_beside(self.path, os.pread(file, size - self._size, self._size))
        self._disk.truncate(file, self._size)
        logger.warning("%s: %s; what was there of it is kept in %s", self.path, torn.cause, copy.name)

    def _write(self, file: int, content: bytes) -> None:
        """Append `content` behind the `_size` bytes that are there: all of it, or nothing."""
        if self._open_line:
            content = b"\n" + content
        self._file.note()
        try:
            self._disk.write_all(file, content)
        except OSError:
            self._disk.truncate(file, self._size)
            raise
        self._size += len(content)
        self._open_line = False

    def _head(self) -> Head:
        return Head(self.count, self._size, self._opening, self._sum)

    def _sync_now(self, handle: Handle | None, covered: Head, later: bool = False) -> None:
        """Sync the file; the head is told now, or `later` by who asks for that."""
        if handle is None:
            self._disk.sync_path(self._file.name)
        else:
            self._disk.sync(handle.file, self._file.name)
        self._synced = max(self._synced, covered.entries)
        if later and handle is not None:
            handle.owe_head(covered)
        else:
            self._file.write_head(covered, handle)
