"""Paths of artifacts: which ones stay below the output directory, and which ones get into each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath


def relative(path: str) -> PurePosixPath | None:
    """Return an artifact's path below the output directory, or None when it is none."""
    plain = path.replace("\\", "/").strip()
    found = PurePosixPath(plain)
    bad = not found.parts or found.is_absolute() or ".." in found.parts or plain[1:3] == ":/"
    return None if bad or any(ord(char) < 32 for char in path) else found


def overlap(paths: Sequence[PurePosixPath]) -> tuple[int, int] | None:
    """Return the first two of the paths that are one, or of which one would be a directory of the other."""
    for later, path in enumerate(paths):
        for earlier, other in enumerate(paths[:later]):
            if path == other or path in other.parents or other in path.parents:
                return earlier, later
    return None
