"""Who drives a session: a driver is alive while its process holds one OS lock, so a lease dies with its process.

One lock file serves all drives of a process, so thousands of sessions can be driven at once. A forked child is a
process of its own: it lets go of what it inherited, without giving it back, and takes a lock of its own when it drives.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakSet

from strands._home import make_private

if TYPE_CHECKING:
    from filelock import BaseFileLock


MOST_IDLE = 16
"""In how many directories a process keeps its lock although it drives nothing there."""


class Drivers:
    """The drivers of one storage directory.

    Args:
        root: The directory; lock files live in its `drivers` folder.
    """

    _of: ClassVar[dict[str, Drivers]] = {}
    _every: ClassVar[WeakSet[Drivers]] = WeakSet()
    _idle: ClassVar[dict[Drivers, None]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, root: Path) -> None:
        self._dir = root / "drivers"
        self._root = _identity(root)
        self._token = ""
        self._lock: _Flock | BaseFileLock | None = None
        self._live: set[str] = set()
        Drivers._every.add(self)

    @classmethod
    def of(cls, root: Path) -> Drivers:
        """Return this process's drivers for `root`."""
        return cls.at(cls.place(root))

    @classmethod
    def place(cls, root: Path) -> Path:
        """Return the one path of a directory, however it is spelled."""
        known = cls._of.get(os.fspath(root))  # then it is that path, if the same directory is still there
        if known is not None and known._root is not None and known._root == _identity(root):
            return root
        return Path(os.path.realpath(root))

    @classmethod
    def at(cls, place: Path) -> Drivers:
        """Return this process's drivers for a directory as `place` spells it."""
        with cls._guard:
            found = cls._of.get(os.fspath(place))
            if found is None:
                found = cls._of[os.fspath(place)] = cls(place)
            return found

    def enter(self) -> str:
        """Be a driver: returns an id that others see as alive until `leave`."""
        with Drivers._guard:
            driver = f"{self._held()}.{os.urandom(6).hex()}"
            self._live.add(driver)
            Drivers._idle.pop(self, None)
        return driver

    def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        with Drivers._guard:
            self._live.discard(driver)
            if not self._live:
                Drivers._idle[self] = None
            if len(Drivers._idle) > MOST_IDLE:
                next(iter(Drivers._idle))._give_back()

    def alive(self, driver: str) -> bool:
        """Whether the driver with this id runs, in this process or another."""
        token = driver.partition(".")[0]
        if token == self._token:
            return driver in self._live
        path = self._dir / f"{token}.lock"
        if not token.isalnum() or not path.exists():
            return False
        if _is_held(path):
            return True
        with contextlib.suppress(OSError):
            path.unlink()
        return False

    def _held(self) -> str:
        """Return this process's token, whose lock it holds; called under the guard."""
        if self._lock is None:
            make_private(self._dir)
            self._dir.chmod(0o700)
            token = uuid.uuid4().hex
            self._lock = _take(self._dir / f"{token}.lock")
            self._token = token  # from here on others may hear of it
        return self._token

    def _give_back(self) -> None:
        """Let go of the lock, and leave no file behind; nobody drives."""
        lock, token, self._lock, self._token = self._lock, self._token, None, ""
        Drivers._idle.pop(self, None)
        if lock is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._dir / f"{token}.lock")
            lock.close() if isinstance(lock, _Flock) else lock.release()

    @classmethod
    def _end(cls) -> None:
        """Leave no file behind; a forked child has not got the locks to give."""
        for drivers in list(cls._every):
            if drivers._lock is not None:
                with contextlib.suppress(OSError):
                    os.unlink(drivers._dir / f"{drivers._token}.lock")

    @classmethod
    def _begin_child(cls) -> None:
        """In a forked child: forget what is the parent's, and keep none of its locks alive."""
        cls._guard = threading.Lock()
        cls._of.clear()
        cls._idle.clear()
        for drivers in list(cls._every):
            if isinstance(drivers._lock, _Flock):
                drivers._lock.close()
            drivers._lock = None
            drivers._token = ""
            drivers._live = set()


def _identity(directory: Path) -> tuple[int, int] | None:
    """Return what tells a directory from every other that is there; None when it is not there."""
    try:
        status = os.stat(directory)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class _Flock:
    """A lock on an open file, which POSIX drops when its process ends."""

    def __init__(self, file: int) -> None:
        self._file = file

    def close(self) -> None:
        """Close the file, which gives the lock back only when no other process has it open."""
        with contextlib.suppress(OSError):
            os.close(self._file)


def _take(path: Path) -> _Flock | BaseFileLock:
    try:
        import fcntl
    except ImportError:
        from filelock import FileLock

        lock = FileLock(path, mode=0o600, thread_local=False)
        lock.acquire(timeout=0)
        return lock
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(file)
        raise
    return _Flock(file)


def _is_held(path: Path) -> bool:
    """Whether somebody holds the lock; two who look at once do not take each other for the holder."""
    try:
        import fcntl
    except ImportError:
        from filelock import FileLock, Timeout

        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return True
        lock.release()
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Drivers._begin_child)
atexit.register(Drivers._end)
