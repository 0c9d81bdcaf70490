"""File systems that fail on purpose: at the Nth call that changes something, the process dies or the disk refuses."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strands.session import Disk

CHANGES = ("make_directory", "replace", "append", "truncate", "sync", "sync_directory", "set_aside", "remove", "lock")


class WatchedDisk(Disk):
    """Calls `before` and `after` around each change, with its number from 1 and its name."""

    def __init__(
        self,
        before: Callable[[int, str], None] = lambda number, name: None,
        after: Callable[[int, str], None] = lambda number, name: None,
    ) -> None:
        self.calls = 0
        self.names: list[str] = []
        self._before = before
        self._after = after

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        return self._watched(name, method) if name in CHANGES else method

    def _watched(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            number = self.calls
            self.names.append(name)
            self._before(number, name)
            result = method(*args, **kwargs)
            self._after(number, name)
            return result

        return call


def killing_disk(at: int, when: str) -> WatchedDisk:
    """Return a disk whose `at`th change kills the process, "before" or "after" it; 0 never does."""

    def kill(number: int, name: str) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return WatchedDisk(before=kill) if when == "before" else WatchedDisk(after=kill)


class TearingDisk(Disk):
    """Its `at`th append writes half of the data, and kills the process."""

    def __init__(self, at: int) -> None:
        self._at = at

    def append(self, path: Path, data: bytes, *, expect: int, durable: bool) -> None:
        self._at -= 1
        if self._at:
            super().append(path, data, expect=expect, durable=durable)
            return
        super().append(path, data[: len(data) // 2], expect=expect, durable=durable)
        os.kill(os.getpid(), signal.SIGKILL)
