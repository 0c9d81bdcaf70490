"""Artifacts: paths that a run would refuse at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from strands_cli.loader.artifact_paths import overlap, relative
from strands_cli.loader.finding import Finding
from strands_cli.loader.walk import at, listed


def check_outputs(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield paths that leave the output directory, and paths that two artifacts have."""
    places: list[tuple[int, PurePosixPath]] = []
    for index, artifact in listed(at(data, ("outputs", "artifacts"))):
        path = artifact.get("path")
        if not isinstance(path, str) or not path:
            continue
        found = relative(path)
        if found is None:
            cause = f"artifact path {path!r} is not a path below the output directory"
            yield Finding(("outputs", "artifacts", index, "path"), cause, "Use a relative path without '..'.")
            continue
        both = overlap([*(place for _, place in places), found])
        if both is not None:
            other = places[both[0]][0]
            cause = f"artifact path {path!r} is in the way of that of artifact {other}"
            yield Finding(("outputs", "artifacts", index, "path"), cause, "Give each its own path.")
        places.append((index, found))
