"""A journal in a file: appended under an OS lock held for microseconds, synced from worker threads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from strands._threads import Shared, on_disk
from strands.journal import files, lines
from strands.journal.changes import ChangeNotes
from strands.journal.drivers import Drivers
from strands.journal.entries import Draft, Entry
from strands.journal.errors import StorageError
from strands.journal.excerpt import Decide, Excerpt, answer_by_all
from strands.journal.files import FileOperations
from strands.journal.handle import Handle, JournalFile
from strands.journal.head import Head
from strands.journal.heads import COPIED, REDACTED, REDACTING, JournalHead, after, owed
from strands.journal.indexed_log import IndexedLog, PartialLog
from strands.journal.protocol import Conflict


class FileJournal(IndexedLog):
    """The journal in `directory`/journal.jsonl.

    Args:
        directory: The session's directory.
        session_id: The session's id.
        drivers: Who is alive.
        disk: The file operations, unless they are the system's.
        changes: Where it is noted that the journal changes; None for nowhere.
    """

    keeps_entries: ClassVar[bool] = True

    def __init__(
        self,
        directory: Path,
        session_id: str,
        drivers: Drivers,
        disk: FileOperations | None = None,
        changes: ChangeNotes | None = None,
    ) -> None:
        super().__init__(directory, session_id, disk=disk or files, changes=changes)
        self._drivers = drivers
        self._syncing: Shared[None] | None = None
        self._is_new = False
        self._owed: JournalHead | None = None

    def create(self, opened: Draft, rest: Sequence[Draft] = ()) -> None:
        """Begin the journal with its `opened` entry and `rest`, as `begin` does."""
        self.begin((opened, *rest))
        self._is_new = True
        if self.has_asked:
            self._anchor(self.head_after(COPIED))

    async def load(self) -> list[Entry]:
        self.news()
        return list(self._known)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        if not durable:
            entries = self._append(drafts, expect)
            if self._index.open or self._index.closed:
                self._owe(drafts)
            return entries
        self._file.keep_open()
        try:
            entries = self._append(drafts, expect)
            if self._index.open or self._index.closed:
                self._owe(drafts)
            await self.sync()
            return entries
        finally:
            self._file.let_close()

    async def rewrite(
        self, change: Callable[[Entry], Mapping[str, Any]], drafts: Sequence[Draft], *, expect: int
    ) -> list[Entry]:
        """Append as `append` does, and let the entries that are there say something else: both at once, and durably.

        Args:
            change: Returns what an entry says from now on.
            drafts: What to append; one of kind `redacted` tells readers that they have to read anew.
            expect: How many entries there are.
        """
        self._check_writable()
        if self.has_asked:
            await on_disk(partial(self._anchor, self.head_after(REDACTING)))
        if not self.replace(self._changed(change, drafts, expect), keep_opening=True):
            self._look()
            raise Conflict(self._known[expect:])
        if self.has_asked:
            await on_disk(partial(self._anchor, self.head_after(REDACTED)))
        return self._known[expect:]

    async def answer(self, keys: Sequence[str], decide: Decide, *, now: float | None = None) -> list[Entry]:
        """Append as `strands.journal.excerpt.answer` does, mostly without reading the rest of the journal."""
        self._check_writable()
        at = time.time() if now is None else now
        written = await on_disk(partial(self._answered, keys, decide, at))
        return await answer_by_all(self, decide, now=now) if written is None else written

    async def excerpt(self, keys: Sequence[str] | None = None, *, now: float | None = None) -> Excerpt:
        """Return what `strands.journal.excerpt.excerpt` does, mostly without the rest of the journal."""
        self._check_there()
        at = time.time() if now is None else now
        found = await on_disk(partial(self._part().excerpt, keys, at, self._opening))
        return Excerpt(await self.load(), at, True) if found is None else found

    def _answered(self, keys: Sequence[str], decide: Decide, at: float) -> list[Entry] | None:
        part = self._part()
        written = part.answer(keys, decide, at, self._opening)
        decided = after(entry.kind for entry in written or ())
        if decided:
            self._anchor(part.head_after(decided))
        return written

    def _owe(self, drafts: Sequence[Draft]) -> None:
        """Have the next sync be followed by a signed head where these entries decide something."""
        decided = after(draft.kind for draft in drafts)
        if decided:
            self._owed = self.head_after(decided)

    def _anchor(self, head: JournalHead) -> None:
        from strands.journal.file_heads import FileHeads

        owed(FileHeads(os.path.dirname(os.path.dirname(self._file.name))), [head])

    def _part(self) -> PartialLog:
        return PartialLog(os.path.dirname(self._file.name), self._id, disk=self._disk, changes=self._file.changes)

    async def sync(self) -> None:
        owes, self._owed = self._owed, None  # of what this sync covers
        loop = asyncio.get_running_loop()
        running = self._syncing
        if running is not None and running.loop is not loop:
            running = self._syncing = None  # left behind by a loop that has ended
        if running is not None:
            with contextlib.suppress(Exception):  # whoever began it is told
                await running.wait()
        if self._syncing is running or self._syncing is None:
            handle = self._file.handle if self._file.is_kept_open else None
            after = None if handle is None else partial(self._file.write_due_head, handle)
            sync = partial(self._sync_now, self._file.handle, self._head(), later=handle is not None)
            self._syncing = Shared(sync, after)
        syncing = self._syncing
        try:
            await syncing.wait()
        except StorageError as error:
            self._broken = error.message
            raise
        finally:
            if self._syncing is syncing and syncing.ended:
                self._syncing = None
        if owes is not None:
            await on_disk(partial(self._anchor, owes))

    async def tail(self, after: int) -> list[Entry]:
        if self._file.size() != self._size:
            self._look()
        return self._known[after:]

    def lease(self) -> AbstractAsyncContextManager[str]:
        if not self._is_new:
            files.sweep_temporary(os.path.dirname(self._file.name))
        return _Lease(self._file, self._drivers)

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """While the block runs, keep the files open that an append or a drive in it opens."""
        self.keep_open()
        try:
            yield
        finally:
            self.let_close()

    async def alive(self, driver: str) -> bool:
        return self._drivers.alive(driver)

    def _sync_now(self, handle: Handle | None, covered: Head, later: bool = False) -> None:
        try:
            super()._sync_now(handle, covered, later)
        except OSError as error:
            raise self._file.error(error) from error

    def _take_in(self, file: int, told: Head | None = None) -> tuple[list[Entry], lines.Damage | None]:
        known = self._known
        if not known or self._is_ours(file, os.fstat(file).st_size) or not self._is_rewritten(file):
            return super()._take_in(file, told)
        self._forget()
        self._sum, self._synced = "", 0
        entries, damage = super()._take_in(file)
        return entries[len(known) :], damage

    def _is_rewritten(self, file: int) -> bool:
        """Whether this is the same journal, whole, and something was redacted in it meanwhile."""
        if self._first_sum(file) != self._opening:
            return False
        parsed = lines.parse(os.pread(file, os.fstat(file).st_size, 0), read=self._read)
        sound = parsed.damage is None or parsed.damage.torn
        return sound and any(each.kind == "redacted" for each in parsed.entries[len(self._known) :])


class _Lease:
    """Being a driver, with the files kept open, while the block runs."""

    __slots__ = ("_driver", "_drivers", "_file")

    def __init__(self, file: JournalFile, drivers: Drivers) -> None:
        self._file = file
        self._drivers = drivers

    async def __aenter__(self) -> str:
        try:
            self._driver = self._drivers.enter()
        except OSError as error:
            raise self._file.error(error) from error
        self._file.keep_open()
        return self._driver

    async def __aexit__(self, *exc_info: object) -> None:
        self._file.let_close()
        self._drivers.leave(self._driver)
