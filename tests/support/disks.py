"""File systems that fail on purpose: at the Nth call that changes something, the process dies or the disk refuses."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strands.session import Disk

CHANGES = (
    "make_directory",
    "replace",
    "update",
    "write_all",
    "truncate",
    "link",
    "sync",
    "sync_path",
    "sync_directory",
    "keep_beside",
    "set_aside",
    "copy_aside",
    "remove",
    "take_lease",
)


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
    """Return a disk whose `at`th change kills the process, "before" or "after" it; 0 never does.

    A sync is no change to who dies alone: what was written outlives the process with or without it.
    """
    changes = 0

    def kill(number: int, name: str) -> None:
        nonlocal changes
        changes += not name.startswith("sync")
        if changes == at and not name.startswith("sync"):
            os.kill(os.getpid(), signal.SIGKILL)

    return WatchedDisk(before=kill) if when == "before" else WatchedDisk(after=kill)


class RefusingDisk(WatchedDisk):
    """A disk that refuses every change from its `at`th on, as one that is full or broken.

    Attributes:
        has_refused: Whether there were so many.
    """

    def __init__(self, at: int, code: int) -> None:
        def refuse(number: int, name: str) -> None:
            if number >= at:
                self.has_refused = True
                raise OSError(code, "no more", "disk")

        self.has_refused = False
        super().__init__(before=refuse)


class TearingDisk(Disk):
    """Its `at`th write to a journal writes half of the data, and kills the process."""

    def __init__(self, at: int) -> None:
        self._at = at

    def write_all(self, file: int, content: bytes) -> None:
        self._at -= 1
        if self._at:
            super().write_all(file, content)
            return
        super().write_all(file, content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)


class PowerLossDisk(Disk):
    """Remembers what was synced, and draws what may be left of `root` when the power goes.

    Of a file that was not synced there may be all, nothing, whole blocks of 512 bytes or zeros; a name that was not
    synced may be missing. What was there before this disk was made counts as synced.
    """

    BLOCK = 512

    def __init__(self, root: Path) -> None:
        self._root = root
        self._synced = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        self._named = set(root.rglob("*"))

    def sync(self, file: int, path: str | Path) -> None:
        super().sync(file, path)
        self._synced[Path(path)] = Path(path).read_bytes()

    def sync_path(self, path: str | Path) -> None:
        super().sync_path(path)
        self._synced[Path(path)] = Path(path).read_bytes()

    def link(self, source: str, path: str) -> None:
        super().link(source, path)
        if Path(source) in self._synced:
            self._synced[Path(path)] = self._synced[Path(source)]

    def replace(self, path: Path, data: bytes, *, durable: bool = False) -> None:
        super().replace(path, data, durable=durable)
        if durable:
            self._synced[path] = data

    def sync_directory(self, path: str | Path) -> None:
        super().sync_directory(path)
        self._named |= set(Path(path).iterdir())

    def synced(self, path: Path) -> bytes:
        """Return what of a file surely outlives a power loss."""
        return self._synced.get(path, b"")

    def image(self, target: Path, chance: random.Random) -> None:
        """Make `target` what is found when the power is back."""
        target.mkdir(parents=True)
        for path in sorted(self._root.rglob("*")):
            if path not in self._named and chance.random() < 0.5:
                continue
            copy = target / path.relative_to(self._root)
            if not copy.parent.exists():
                continue
            if path.is_dir():
                copy.mkdir()
            else:
                copy.write_bytes(self._left_of(path, chance))

    def _left_of(self, path: Path, chance: random.Random) -> bytes:
        now, synced = path.read_bytes(), self._synced.get(path, b"")
        if now == synced or not now.startswith(synced):
            return chance.choice([now, synced]) if path in self._synced else now
        fresh = now[len(synced) :]
        blocks = [fresh[at : at + self.BLOCK] for at in range(0, len(fresh), self.BLOCK)]
        torn = b"".join(block if chance.random() < 0.5 else b"\0" * len(block) for block in blocks)
        return synced + chance.choice([b"", fresh, fresh[: chance.randrange(len(fresh) + 1)], torn])
