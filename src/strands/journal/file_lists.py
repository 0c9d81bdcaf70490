"""Lists of the sessions in a directory, by an index that follows what changes there.

What a writer of this package has appended is in the next list; see `strands.journal.changes`. What anything else has
done to a journal, such as an earlier release, an editor or a backup, is there when all journals were looked at again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from strands._home import check_private
from strands._threads import on_disk
from strands.journal import changes, files
from strands.journal.by_deadline import deadlines_page, page_by_deadline
from strands.journal.errors import SessionError, SessionNotFoundError, StorageError
from strands.journal.faults import storage_errors
from strands.journal.file_log import FileLog
from strands.journal.file_workers import FileWorkers
from strands.journal.find import (
    RESTS,
    Due,
    Folded,
    Page,
    QuestionSummary,
    SessionSummary,
    due_in,
    fold,
    questions_in,
    questions_page,
    sessions_page,
    summary_of,
)
from strands.journal.handle import NAME
from strands.journal.ids import is_id

if TYPE_CHECKING:
    from strands.journal.file_index import FileIndex, Indexed, Looked

T = TypeVar("T")

logger: logging.Logger = logging.getLogger(__name__)

PREFIX = "session_"
FEW = 32
"""Fewer sessions than these are read for each list; for more there is an index."""

RECHECK_SECONDS = 2.0
"""How often all journals are looked at, at most."""

_SHARE = 20
"""Looking at all of them takes at most this part of the time."""

_PATIENCE = 0.05
"""Seconds for which a list waits for who is writing to a journal."""


class FileLists(FileWorkers):
    """Lists by an index; a part of `FileRepository`.

    Attributes:
        root: The directory.
        recheck: After so many seconds a list looks at all journals again; later where that takes long, always for 0.
    """

    root: Path
    recheck: float
    _turn: threading.Lock
    _memory: FileIndex | None

    def _directory(self, session_id: str) -> Path:
        raise NotImplementedError

    async def find(
        self, *, rests: Sequence[str] = RESTS, workflow: str = "", limit: int = 50, after: str = ""
    ) -> Page[SessionSummary]:
        """Return sessions as `strands.journal.find.find` does."""
        told = await self._asked(lambda index: index.newest(rests, workflow, limit + 1, after))
        begin = "" if told is not None else after
        if told is None:
            told = [each for each in await self.folded() if each[1].rest in rests]
            told = [each for each in told if workflow in ("", each[1].workflow)]
        alive = await self.alive(sorted({each.driver for _, each in told} - {""}))
        now = time.time()
        return sessions_page([summary_of(id, each, each.driver in alive, now) for id, each in told], limit, begin)

    async def open_questions(self, *, limit: int = 50, after: str = "") -> Page[QuestionSummary]:
        """Return open questions as `strands.journal.find.open_questions` does."""
        told = await self._asked(lambda index: index.questions(time.time(), limit + 1, after))
        if told is None:
            return questions_page(questions_in(await self.folded(), time.time()), limit, after)
        return questions_page(told, limit, "")

    async def questions_by_deadline(self, *, limit: int = 50, after: str = "") -> Page[QuestionSummary]:
        """Return open questions as `strands.journal.by_deadline.questions_by_deadline` does."""
        told = await self._asked(lambda index: index.by_deadline(time.time(), limit + 1, after))
        if told is None:
            return deadlines_page(questions_in(await self.folded(), time.time()), limit, after)
        return page_by_deadline(told, limit)

    async def due(self, *, limit: int = 50) -> list[Due]:
        """Return sessions as `strands.journal.find.due` does."""
        told = await self._asked(lambda index: index.due(time.time(), limit))
        return due_in(await self.folded(), time.time())[:limit] if told is None else told

    async def timed(self, *, limit: int = 50, without: Collection[str] = ()) -> list[str]:
        """Return sessions in which something is due of a question, as `strands.journal.find.timed` does."""
        now = time.time()
        told = await self._asked(lambda index: index.timed(now))
        if told is None:
            late = [(each.timer, id, each) for id, each in await self.folded() if each.timer is not None]
            told = [(id, each) for timer, id, each in sorted(late) if timer <= now]
        alive = await self.alive(sorted({each.driver for _, each in told} - {""}))
        return [id for id, each in told if id not in without and each.driver not in alive][:limit]

    async def next_timer(self) -> float | None:
        """Return when something is due next of a question, as `strands.journal.find.next_timer` does."""
        told = await self._asked(lambda index: index.next_timer())
        if told is not None:
            return told[0]
        times = [each.timer for _, each in await self.folded() if each.timer is not None and not each.driver]
        return min(times, default=None)

    async def waking(self) -> list[tuple[str, Folded]]:
        """Return what the sessions come to that are due, or may have lost their drivers, perhaps with others."""
        told = await self._asked(lambda index: index.waking(time.time()))
        return await self.folded() if told is None else told

    async def folded(self) -> list[tuple[str, Folded]]:
        """Return what the journals come to, of all that can be read; the log names the others."""
        told = await self._asked(lambda index: index.all())
        return await on_disk(self._read_all) if told is None else told

    def _read_all(self) -> list[tuple[str, Folded]]:
        found = []
        for session_id in self._scanned(""):
            outcome = self._outcome(session_id)
            if isinstance(outcome, Folded):
                found.append((session_id, outcome))
            elif outcome:
                logger.warning("%s", outcome)
        return found

    # -- the index ----------------------------------------------------------------------------------------------------

    async def _asked(self, ask: Callable[[FileIndex], T]) -> T | None:
        return await on_disk(partial(self._asked_now, ask))

    def _asked_now(self, ask: Callable[[FileIndex], T]) -> T | None:
        """Ask the index, once it has followed; None where there are so few sessions that there is none."""
        with storage_errors(self.root):
            check_private(self.root)
            if not os.path.exists(self.root / changes.NAME) and self._names() < FEW:
                return None
        import sqlite3

        from strands.journal import file_index

        for _ in range(2):  # one that is damaged is gone then
            try:
                with file_index.opened(self.root) as index:
                    self._follow(index)
                    return ask(index)
            except (sqlite3.OperationalError, OSError) as error:
                logger.debug("%s: %s", self.root, error)
                break
            except (sqlite3.DatabaseError, ValueError, TypeError) as error:
                logger.debug("%s: %s", self.root, error)
        return self._asked_in_memory(ask)

    def _asked_in_memory(self, ask: Callable[[FileIndex], T]) -> T:
        import sqlite3

        from strands.journal.file_index import FileIndex

        with self._turn, storage_errors(self.root):
            if self._memory is None:
                connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                self._memory = FileIndex(connection)
            with self._memory.writing():
                self._look_at_all(self._memory, time.time(), False)
            _name_damaged(self._memory.unsure())
            return ask(self._memory)

    def _follow(self, index: FileIndex) -> None:
        """Have an index say what the journals do now."""
        looked, unsure = index.looked, index.unsure()
        again = {session_id: self._looked_at(session_id) for session_id in unsure}
        if looked is None or again != unsure or not self._is_followed(looked):
            with index.writing():
                self._catch_up(index)
            unsure = index.unsure()
        _name_damaged(unsure)

    def _is_followed(self, looked: Looked) -> bool:
        """Whether nothing was noted since, and it is not time to look at all."""
        is_noted = changes.position(self.root) != (looked.changes, looked.size)
        return not is_noted and os.stat(self.root).st_mtime_ns == looked.root and not self._is_late(looked)

    def _is_late(self, looked: Looked) -> bool:
        return not 0 <= time.time() - looked.at < (self.recheck and max(self.recheck, _SHARE * looked.seconds))

    def _catch_up(self, index: FileIndex) -> None:
        from strands.journal.file_index import Looked

        looked = index.looked or Looked("", 0, 0.0, 0.0, 0, 0)
        noted = changes.take(self.root, looked.changes, looked.size)
        root, names, now = os.stat(self.root).st_mtime_ns, looked.names, time.time()
        for session_id in {each for each in noted.sessions if is_id(each)} | index.unsure().keys():
            before, known = index.stamp_of(session_id), self._looked_at(session_id)
            index.put(session_id, known, now)
            names += bool(known.stamp) - bool(before)
        at, seconds = looked.at, looked.seconds
        is_other = root != looked.root and self._names() != names
        if is_other or not noted.is_all or self._is_late(looked):
            at, began = now, time.monotonic()
            names = self._look_at_all(index, now, noted.is_all)
            seconds = time.monotonic() - began
        index.follow(Looked(noted.name, noted.size, at, seconds, root, names))

    def _look_at_all(self, index: FileIndex, now: float, is_noted: bool) -> int:
        """Take in what has changed of all journals.

        Args:
            index: Takes it in.
            now: Unix time in seconds.
            is_noted: Who is writing at this moment has noted it; else the lock of each journal says so.

        Returns:
            How many directories of sessions there are.
        """
        from strands.journal import file_index

        before = index.stamps()
        there = self._scanned("")
        for session_id in there:
            known = before.pop(session_id, "")
            path = self._journal(session_id)
            if (is_noted or _is_at_rest(path)) and file_index.stamp(path) == known:
                continue
            index.put(session_id, self._looked_at(session_id), now)
        for session_id in before:
            index.put(session_id, file_index.Indexed("", ""), now)
        return len(there)

    def _looked_at(self, session_id: str) -> Indexed:
        """Return what a journal comes to now."""
        from strands.journal import file_index

        path = self._journal(session_id)
        is_sure = _is_at_rest(path)
        stamp = file_index.stamp(path)  # of before it is read: what comes meanwhile is read again
        outcome = self._outcome(session_id) if stamp else ""
        return file_index.Indexed(stamp, outcome, is_sure and (isinstance(outcome, Folded) or not outcome))

    def _outcome(self, session_id: str) -> Folded | str:
        """Return what a journal comes to; what is wrong with one that cannot be read; "" for one that is not there."""
        try:
            entries = FileLog(self._directory(session_id), session_id).news()
        except SessionNotFoundError:
            return ""
        except (SessionError, StorageError) as error:
            return error.message
        return fold(entries) if entries else ""

    def _journal(self, session_id: str) -> str:
        return f"{self.root}/{PREFIX}{session_id}/{NAME}"

    def _names(self) -> int:
        """Return how many directories of sessions there are."""
        try:
            return sum(name.startswith(PREFIX) for name in os.listdir(self.root))
        except FileNotFoundError:
            return 0

    def _scanned(self, prefix: str) -> list[str]:
        """Return the ids of the directories of sessions, in order; what is no directory is named in the log."""
        with storage_errors(self.root):
            if not self.root.is_dir():
                return []
            check_private(self.root)
            found = [entry for entry in os.scandir(self.root) if entry.name.startswith(PREFIX + prefix)]
        ids = []
        for entry in sorted(found, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                ids.append(entry.name[len(PREFIX) :])
            else:
                logger.warning("%s is not a session directory and is ignored", entry.path)
        return ids


def _is_at_rest(path: str) -> bool:
    """Whether nobody was writing to a journal at some moment of this call."""
    try:
        while True:
            file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                files.lock(file, path, shared=True, seconds=_PATIENCE)()
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    return True
            finally:
                os.close(file)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _name_damaged(unsure: Mapping[str, Indexed]) -> None:
    for each in unsure.values():
        if isinstance(each.outcome, str):
            logger.warning("%s", each.outcome)
