"""A journal in a file: appended under an OS lock held for microseconds, synced from worker threads.

Reading takes no lock and changes nothing: what is not whole yet is not there yet. Only who is about to append cuts off
what a dead writer left torn, and keeps it beside the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from strands._threads import Shared
from strands.journal import faults, files, head, lifetime, lines
from strands.journal.drivers import Drivers
from strands.journal.entries import FORMAT, Draft, Entry
from strands.journal.errors import SessionDamagedError, SessionNotFoundError, StorageError
from strands.journal.handle import Handle, JournalFile, Writing
from strands.journal.head import Head
from strands.journal.protocol import Conflict

logger: logging.Logger = logging.getLogger(__name__)

_END_SIZE = 64
"""Bytes that surely hold the sum at the end of a line."""


class FileJournal:
    """The journal in `directory`/journal.jsonl.

    Args:
        directory: The session's directory.
        session_id: The session's id.
        drivers: Who is alive.
    """

    def __init__(self, directory: Path, session_id: str, drivers: Drivers) -> None:
        self._id = session_id
        self._file = JournalFile(directory, session_id)
        self._drivers = drivers
        self._known: list[Entry] = []
        self._size = 0
        self._opening = ""
        self._sum = ""
        self._synced = 0
        self._open_line = False
        self._broken = ""
        self._syncing: Shared[None] | None = None

    @property
    def session_id(self) -> str:
        return self._id

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._file.name)

    def create(self, opened: Draft, rest: Sequence[Draft] = ()) -> None:
        """Begin the journal with its `opened` entry and `rest`, at once and on disk before this returns.

        Raises:
            SessionExistsError: The journal has been begun.
            StorageError: It cannot be written.
        """
        content, self._known, self._sum = lines.encode((opened, *rest), 0, "")
        self._opening = lines.sum_of(content.partition(b"\n")[0])
        self._size, self._synced = len(content), len(self._known)
        try:
            self._file.adopt(lifetime.begin(self._file.name, self._id, content))
        except OSError as error:
            raise self._file.error(error) from error
        if rest:  # the opening alone is there as a whole, or there is no session
            self._file.write_head(self._head())

    async def load(self) -> list[Entry]:
        self._check_there()
        self._look()  # even if it is as long as before: another of this id may be
        return list(self._known)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        if self._broken:
            raise StorageError(self._broken, hint="Resume the session: it goes on from what is on disk.")
        self._check_there()
        if durable:
            self._file.keep_open()
            try:
                entries = self._append(drafts, expect)
                await self.sync()
                return entries
            finally:
                self._file.let_close()
        return self._append(drafts, expect)

    def _append(self, drafts: Sequence[Draft], expect: int) -> list[Entry]:
        with Writing(self._file) as file:
            newer = self._catch_up(file)
            if newer:
                raise Conflict(newer)
            if expect != len(self._known):
                raise Conflict(self._known[expect:])
            content, entries, last_sum = lines.encode(drafts, expect, self._sum, synced=self._synced)
            self._write(file, content)
            self._known += entries
            self._sum = last_sum
        return entries

    async def sync(self) -> None:
        loop = asyncio.get_running_loop()
        running = self._syncing
        if running is not None and running.loop is not loop:
            running = self._syncing = None  # left behind by a loop that has ended
        if running is not None:
            with contextlib.suppress(Exception):  # whoever began it is told
                await running.wait()
        if self._syncing is running or self._syncing is None:
            self._syncing = Shared(partial(self._sync_now, self._file.handle, self._head()))
        syncing = self._syncing
        try:
            await syncing.wait()
        except StorageError as error:
            self._broken = error.message
            raise
        finally:
            if self._syncing is syncing and syncing.ended:
                self._syncing = None

    async def tail(self, after: int) -> list[Entry]:
        if self._file.size() != self._size:
            self._look()
        return self._known[after:]

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[str]:
        entered = self._drivers.entered()
        try:
            driver = entered.__enter__()
        except OSError as error:
            raise self._file.error(error) from error
        self._file.keep_open()
        try:
            yield driver
        finally:
            self._file.let_close()
            entered.__exit__(None, None, None)

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """While the block runs, keep the files open that an append or a drive in it opens."""
        self._file.keep_open()
        try:
            yield
        finally:
            self._file.let_close()

    async def alive(self, driver: str) -> bool:
        return self._drivers.alive(driver)

    # -- reading --------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read what is new without a lock; what looks damaged is read again while nobody writes."""
        told = None if self._known else self._file.read_head()
        with self._file.reading() as file:
            if self._known and self._unmoved(file):
                return
            try:
                self._take_in(file, told)
            except SessionDamagedError:
                with files.locked(file, self.path, shared=True):
                    self._take_in(file, told)

    def _take_in(self, file: int, told: Head | None = None) -> tuple[list[Entry], lines.Damage | None]:
        """Read what the file holds beyond what is known; return the new entries, and what is torn behind them."""
        size = os.fstat(file).st_size
        if not self._is_ours(file, size):
            raise self._replaced(file, size)
        content = os.pread(file, size - self._size, self._size)
        parsed = lines.parse(content, seq=len(self._known), last_sum=self._sum)
        if parsed.damage is not None and not parsed.damage.torn:
            raise faults.damaged(self.path, self._id, parsed.damage.line, parsed.damage.cause)
        if not self._known:
            self._begin(parsed, file, told)
        self._known += parsed.entries
        self._size += parsed.size
        self._open_line = self._end(file, self._size)[-1:] != b"\n"
        self._sum = parsed.last_sum
        self._synced = max(self._synced, parsed.synced)
        self._check_there()
        return parsed.entries, parsed.damage

    def _check_there(self) -> None:
        if self._known and self._known[-1].kind == "deleted":
            raise faults.missing(self._id)

    def _begin(self, parsed: lines.Parsed, file: int, told: Head | None) -> None:
        """Look at a journal that is read for the first time: its format, and whether all is there that should be."""
        if not parsed.entries:
            raise faults.missing(self._id)
        version = parsed.entries[0].data.get("format", FORMAT)
        if version > FORMAT:
            raise faults.newer(self._id, version)
        if told is not None and told.opening == parsed.first_sum:
            self._compare(parsed, file, told)
            self._synced = told.entries
        self._opening = parsed.first_sum

    def _compare(self, parsed: lines.Parsed, file: int, told: Head) -> None:
        """Notice what was on disk and is gone, although what is left looks whole."""
        lost = told.entries - len(parsed.entries)
        if lost <= 0 and lines.ends_with(self._end(file, told.size), told.last):
            return
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
        begin = max(0, self._size - _END_SIZE)
        end = os.pread(file, _END_SIZE + 1, begin)
        if len(end) != self._size - begin or not lines.ends_with(end, self._sum):
            return False
        self._open_line = not end.endswith(b"\n")
        return True

    def _is_ours(self, file: int, size: int) -> bool:
        """Whether the file still ends, or goes on, where this object left it."""
        if not self._known:
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
        first = not self._known
        if not first and self._unmoved(file):
            return []
        newer, torn = self._take_in(file, self._file.read_head() if first else None)
        if torn is not None:
            self._cut(file, torn)
        return [] if first else newer

    def _cut(self, file: int, torn: lines.Damage) -> None:
        told = self._file.read_head()
        if told is not None and told.opening == self._opening and told.entries > len(self._known):
            raise faults.damaged(self.path, self._id, torn.line, torn.cause)
        size = os.fstat(file).st_size
        copy = files.keep_beside(self.path, os.pread(file, size - self._size, self._size))
        os.ftruncate(file, self._size)
        logger.warning("%s: %s; what was there of it is kept in %s", self.path, torn.cause, copy.name)

    def _write(self, file: int, content: bytes) -> None:
        """Append `content` behind the `_size` bytes that are there: all of it, or nothing."""
        if self._open_line:
            content = b"\n" + content
        try:
            files.write_all(file, content)
        except OSError:
            os.ftruncate(file, self._size)
            raise
        self._size += len(content)
        self._open_line = False

    def _head(self) -> Head:
        return Head(len(self._known), self._size, self._opening, self._sum)

    def _sync_now(self, handle: Handle | None, covered: Head) -> None:
        if handle is None:
            files.sync_path(self._file.name)
        else:
            files.sync(handle.file, self._file.name)
        self._synced = max(self._synced, covered.entries)
        self._file.write_head(covered, handle)
