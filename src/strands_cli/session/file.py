"""A journal in a file: appended under an OS lock held for microseconds, synced from worker threads."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from strands._threads import on_disk
from strands_cli.errors import SessionDamagedError, SessionExistsError, SessionNotFoundError, StorageError
from strands_cli.kernel.journal import FORMAT, Conflict
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import format as lines
from strands_cli.session.lease import Drivers

LOCK_SECONDS = 5.0
"""How long an append waits for another process's append, which takes microseconds."""


class FileJournal:
    """The journal in `directory`/journal.jsonl.

    Args:
        directory: The session's directory.
        session_id: The session's id.
        drivers: Who is alive.
    """

    def __init__(self, directory: Path, session_id: str, drivers: Drivers) -> None:
        self.path = directory / "journal.jsonl"
        self._id = session_id
        self._drivers = drivers
        self._known: list[Entry] = []
        self._size = 0
        self._sum = ""
        self._broken = ""
        self._syncing: asyncio.Future[None] | None = None

    @property
    def session_id(self) -> str:
        return self._id

    def create(self, draft: Draft) -> None:
        """Begin the journal with its `opened` entry, on disk before this returns.

        Raises:
            SessionExistsError: The journal has been begun.
            StorageError: It cannot be written.
        """
        with self._guarded(create=True) as file:
            begun = lines.parse(os.pread(file, os.fstat(file).st_size, 0))
            if begun.entries or (begun.damage and not begun.damage.torn):
                raise SessionExistsError(f"session {self._id!r} exists", hint="Choose another id, or resume it.")
            os.ftruncate(file, 0)
            content, entries, self._sum = lines.encode((draft,), 0, "")
            self._write(file, content)
            self._size, self._known = len(content), entries
            _fsync(file, self.path)
        _sync_directory(self.path.parent)
        _sync_directory(self.path.parent.parent)

    async def load(self) -> list[Entry]:
        if not self._known or await self._current_size() != self._size:
            with self._guarded() as file:
                if self._known:
                    self._catch_up(file)
                else:
                    self._read(file)
        return list(self._known)

    async def append(self, drafts: Sequence[Draft], *, expect: int) -> list[Entry]:
        if self._broken:
            raise StorageError(self._broken, hint="Resume the session: it goes on from what is on disk.")
        with self._guarded() as file:
            if os.fstat(file).st_size != self._size:
                newer = self._catch_up(file)
                if newer:
                    raise Conflict(newer)
            if expect != len(self._known):
                raise Conflict(self._known[expect:])
            content, entries, last_sum = lines.encode(drafts, expect, self._sum)
            self._write(file, content)
            self._size += len(content)
            self._known += entries
            self._sum = last_sum
        return entries

    async def sync(self) -> None:
        running = self._syncing
        if running is not None:
            await asyncio.wait((running,))
        if self._syncing is running or self._syncing is None:
            self._syncing = on_disk(partial(_fsync_path, self.path))
        syncing = self._syncing
        try:
            await asyncio.shield(syncing)
        except StorageError as error:
            self._broken = error.message
            raise
        finally:
            if self._syncing is syncing and syncing.done():
                self._syncing = None

    async def tail(self, after: int) -> list[Entry]:
        if await self._current_size() != self._size:
            await self.load()
        return self._known[after:]

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[str]:
        with self._storage_errors():
            entered = self._drivers.entered()
            driver = entered.__enter__()
        try:
            yield driver
        finally:
            entered.__exit__(None, None, None)

    def alive(self, driver: str) -> bool:
        return self._drivers.alive(driver)

    # -- files ----------------------------------------------------------------------------------------------------

    async def _current_size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return -1

    def _read(self, file: int) -> None:
        parsed = self._parsed(os.pread(file, os.fstat(file).st_size, 0), file, 0, "", 0)
        if not parsed.entries:
            raise self._missing()
        version = parsed.entries[0].data.get("format", FORMAT)
        if version > FORMAT:
            raise SessionDamagedError(
                f"session {self._id!r} has journal format {version}; this build reads up to {FORMAT}",
                hint="Upgrade strands-cli; the session is untouched.",
            )
        self._known, self._size, self._sum = parsed.entries, parsed.size, parsed.last_sum

    def _catch_up(self, file: int) -> list[Entry]:
        """Read what others appended since; cut off what one of them left torn."""
        if not self._known:
            self._read(file)
            return []
        size = os.fstat(file).st_size
        if size < self._size:
            raise SessionDamagedError(
                f"{self.path}: the journal became shorter while it was in use",
                hint="Restore the file from a backup; nothing was written to it since.",
            )
        content = os.pread(file, size - self._size, self._size)
        parsed = self._parsed(content, file, len(self._known), self._sum, self._size)
        self._known += parsed.entries
        self._size += parsed.size
        self._sum = parsed.last_sum
        return parsed.entries

    def _parsed(self, content: bytes, file: int, seq: int, last_sum: str, offset: int) -> lines.Parsed:
        parsed = lines.parse(content, seq=seq, last_sum=last_sum)
        if parsed.damage is not None:
            if not parsed.damage.torn:
                raise SessionDamagedError(
                    f"{self.path}, line {parsed.damage.line}: {parsed.damage.cause}",
                    hint="The file is left as it is. Restore it from a backup, or delete the session.",
                )
            os.ftruncate(file, offset + parsed.size)
        return parsed

    def _write(self, file: int, content: bytes) -> None:
        """Append `content` behind the `_size` bytes that are there: all of it, or nothing."""
        try:
            written = 0
            while written < len(content):
                written += os.write(file, content[written:])
        except OSError:
            os.ftruncate(file, self._size)
            raise

    @contextmanager
    def _guarded(self, *, create: bool = False) -> Iterator[int]:
        """Open the file under its lock: appends of different processes come one after the other."""
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        with self._storage_errors():
            file = os.open(self.path, flags | (os.O_CREAT if create else 0), 0o600)
            try:
                if create:
                    os.chmod(self.path, 0o600)
                with _exclusive(file, self.path):
                    yield file
            finally:
                os.close(file)

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise self._missing() from error
        except OSError as error:
            raise StorageError(
                f"{self.path}: {error.strerror or error}",
                hint="Free space or make the directory writable, then resume: what was recorded is kept.",
            ) from error

    def _missing(self) -> SessionNotFoundError:
        return SessionNotFoundError(f"no session {self._id!r}", hint="List them: strands sessions list.")


@contextmanager
def _exclusive(file: int, path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        from filelock import FileLock

        with FileLock(f"{path}.lock", timeout=LOCK_SECONDS, mode=0o600):
            yield
        return
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR) or time.monotonic() > deadline:
                raise
            time.sleep(0.0002)
    yield


def _fsync_path(path: Path) -> None:
    try:
        file = os.open(path, os.O_RDWR)
    except OSError as error:
        raise _unsynced(path, error) from error
    try:
        _fsync(file, path)
    finally:
        os.close(file)


def _fsync(file: int, path: Path) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        raise _unsynced(path, error) from error


def _unsynced(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: could not be synced to disk: {error.strerror or error}",
        hint="Check the disk, then resume: the session goes on from what is on it.",
    )


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
