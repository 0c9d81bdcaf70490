"""What the sessions of a directory need beside their journals, by its digest: `blobs/<digest>` in it."""

from __future__ import annotations

import contextlib
import os
import time
from abc import abstractmethod
from functools import partial
from pathlib import Path

from strands._home import check_private, make_private
from strands._threads import on_disk
from strands.journal import files
from strands.journal.blobs import digest_of
from strands.journal.errors import SessionDamagedError, SessionError, StorageError
from strands.journal.faults import storage_errors

_SHA256 = "sha256:"
_KEPT_SECONDS = 3600.0
"""How long what no session uses yet is kept: who puts it begins a session with it at once."""


class FileBlobs:
    """Contents by their digests; a part of `FileRepository`."""

    root: Path

    async def put_blob(self, content: bytes) -> str:
        """Keep a content for a session that is begun or taken up within the hour, and return its digest.

        Raises:
            StorageError: It cannot be written.
        """
        digest = digest_of(content)
        await on_disk(partial(self._put, self._place_of(digest), content))
        return digest

    async def blob(self, digest: str) -> bytes:
        """Return a content.

        Raises:
            SessionDamagedError: It is not there, or not what was put in.
        """
        path = self._place_of(digest)
        with storage_errors(path):
            content = await on_disk(path.read_bytes) if path.is_file() else b""
        if digest_of(content) != digest:
            why = "is not what was put there" if path.is_file() else "is missing"
            raise SessionDamagedError(
                f"{str(path)!r} {why}", hint="Copy the session anew, or restore it from a backup."
            )
        return content

    @abstractmethod
    async def _used_blobs(self) -> set[str]:
        """Return the digests that sessions use."""

    async def _sweep_blobs(self) -> None:
        """Remove what no session uses; nothing where it is not known what each uses."""
        directory = self.root / "blobs"
        if not directory.is_dir():
            return
        before = time.time() - _KEPT_SECONDS
        old = [each for each in directory.iterdir() if each.stat().st_mtime < before]
        with contextlib.suppress(SessionError, StorageError, OSError):
            used = {digest.removeprefix(_SHA256) for digest in await self._used_blobs()} if old else set()
            for path in old:
                if path.name not in used:
                    path.unlink(missing_ok=True)

    def _put(self, path: Path, content: bytes) -> None:
        with storage_errors(path):
            make_private(self.root)
            make_private(path.parent)
            check_private(path.parent)
            if path.is_file() and digest_of(path.read_bytes()) == digest_of(content):
                os.utime(path)  # it is kept for another hour
                return
            file, temporary = files.open_temporary(str(path), os.O_RDWR)
            try:
                with open(file, "wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(temporary, path)
            finally:
                Path(temporary).unlink(missing_ok=True)
            files.sync_directory(path.parent)

    def _place_of(self, digest: str) -> Path:
        name = digest.removeprefix(_SHA256)
        if not name.isalnum():
            raise SessionDamagedError(f"{digest!r} is no digest", hint="Restore the session from a backup.")
        return self.root / "blobs" / name
