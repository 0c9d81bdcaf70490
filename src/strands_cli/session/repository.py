"""Where workflow sessions are kept."""

from __future__ import annotations

import os
from pathlib import Path

from strands._home import home
from strands.journal.faults import storage_errors
from strands.journal.files import Disk
from strands.journal.protocol import Repository as SessionRepository
from strands.journal.repository import FileRepository

__all__ = ["FileSessionRepository", "SessionRepository"]


class FileSessionRepository(FileRepository):
    """Workflow sessions as private directories: `session_<id>/journal.jsonl`.

    Args:
        storage_dir: Where they live; default: `workflows` in STRANDS_HOME or ~/.strands.
        disk: The file operations; for tests that need a failing disk.
    """

    def __init__(self, storage_dir: str | os.PathLike[str] | None = None, *, disk: Disk | None = None) -> None:
        if storage_dir is None:
            with storage_errors(Path("~")):
                storage_dir = home() / "workflows"
        super().__init__(storage_dir, disk=disk)
