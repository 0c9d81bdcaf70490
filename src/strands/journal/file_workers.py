"""What the workers of a directory of sessions say of themselves: a small file each, beside the sessions."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from strands._home import check_private, make_private
from strands._threads import on_disk
from strands.journal import files
from strands.journal.drivers import Drivers
from strands.journal.faults import storage_errors

_FOLDER, _END = "workers", ".json"


class FileWorkers:
    """A part of `FileRepository`."""

    root: Path

    def _live(self) -> Drivers:
        raise NotImplementedError

    async def enter(self) -> str:
        """Be a driver of this store: returns an id that is alive until `leave`, or the end of this process."""
        make_private(self.root)
        return self._live().enter()

    async def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        self._live().leave(driver)

    async def alive(self, drivers: Sequence[str]) -> set[str]:
        """Return those of these drivers that are alive."""
        live = self._live()
        return {driver for driver in drivers if live.alive(driver)}

    async def put_worker(self, driver: str, said: Mapping[str, Any]) -> None:
        """Keep what a worker says of itself, in place of what it said before."""
        await on_disk(partial(self._put_worker, driver, json.dumps(said).encode()))

    async def remove_workers(self, drivers: Sequence[str]) -> None:
        """Forget what these workers said."""
        for driver in drivers:
            with contextlib.suppress(OSError):
                os.unlink(self._file_of(driver))

    async def workers(self) -> dict[str, Mapping[str, Any]]:
        """Return what workers say of themselves, by their driver ids; those that have died are among them."""
        return await on_disk(self._all_workers)

    def _put_worker(self, driver: str, content: bytes) -> None:
        path = self._file_of(driver)
        with storage_errors(path):
            make_private(path.parent)
            files.replace(path, content)

    def _all_workers(self) -> dict[str, Mapping[str, Any]]:
        folder = self.root / _FOLDER
        found: dict[str, Mapping[str, Any]] = {}
        with storage_errors(folder):
            if not folder.is_dir():
                return {}
            check_private(folder)
            names = sorted(name for name in os.listdir(folder) if name.endswith(_END) and not name.startswith("."))
        for name in names:
            with contextlib.suppress(OSError, ValueError):  # it ends at this moment, or is not one of ours
                found[name.removesuffix(_END)] = json.loads((folder / name).read_bytes())
        return found

    def _file_of(self, driver: str) -> Path:
        return self.root / _FOLDER / f"{driver}{_END}"
