"""Who drives a session: a driver is alive while its process holds one OS lock, so a lease dies with its process.

One lock file serves all drives of a process, so thousands of sessions can be driven at once.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Drivers:
    """The drivers of one storage directory.

    Args:
        root: The directory; lock files live in its `drivers` folder.
    """

    _of: ClassVar[dict[tuple[Path, int], Drivers]] = {}

    def __init__(self, root: Path) -> None:
        self._dir = root / "drivers"
        self._token = ""
        self._lock: BaseFileLock | None = None
        self._live: set[str] = set()

    @classmethod
    def of(cls, root: Path) -> Drivers:
        """Return this process's drivers for `root`."""
        return cls._of.setdefault((root, os.getpid()), cls(root))

    @contextmanager
    def entered(self) -> Iterator[str]:
        """Be a driver: yields an id that others see as alive while the block runs."""
        self._hold()
        driver = f"{self._token}.{uuid.uuid4().hex[:12]}"
        self._live.add(driver)
        try:
            yield driver
        finally:
            self._live.discard(driver)

    def alive(self, driver: str) -> bool:
        """Whether the driver with this id runs, in this process or another."""
        token = driver.partition(".")[0]
        if token == self._token:
            return driver in self._live
        path = self._dir / f"{token}.lock"
        if not token.isalnum() or not path.exists():
            return False
        from filelock import FileLock, Timeout

        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return True
        lock.release()
        with contextlib.suppress(OSError):
            path.unlink()
        return False

    def _hold(self) -> None:
        if self._lock is not None:
            return
        from filelock import FileLock

        self._dir.mkdir(mode=0o700, exist_ok=True)
        self._dir.chmod(0o700)
        self._token = uuid.uuid4().hex
        self._lock = FileLock(self._dir / f"{self._token}.lock", mode=0o600, thread_local=False)
        self._lock.acquire(timeout=0)
        atexit.register(self._let_go, os.getpid())

    def _let_go(self, owner: int) -> None:
        """Leave no file behind; a forked child has not got the lock to give."""
        if self._lock is not None and os.getpid() == owner:
            with contextlib.suppress(OSError):
                os.unlink(self._lock.lock_file)
