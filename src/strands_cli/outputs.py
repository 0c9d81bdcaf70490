"""Artifacts: the files that a finished run writes, below its output directory and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.builtin.confined import Confined, ConfinementError
from strands_cli.errors import ArtifactError
from strands_cli.loader.template import render

if TYPE_CHECKING:
    from strands_cli.spec.outputs import Artifact


def write_artifacts(
    artifacts: Sequence[Artifact], names: Mapping[str, Any], directory: Path, *, overwrite: bool
) -> list[str]:
    """Write each artifact to a temporary file beside its place, then move it there; links are not followed.

    Args:
        names: What paths and bodies may use.
        directory: The output directory; made when missing.
        overwrite: Replace existing files; one that holds the same bytes is never a conflict.

    Returns:
        Absolute paths, in the order of `artifacts`.

    Raises:
        ArtifactError: A path leaves the directory, a file is in the way, or it cannot be written.
    """
    rendered = [(render(one.path, names), render(one.from_, names)) for one in artifacts]
    return [_write(directory, path, body, overwrite=overwrite) for path, body in rendered]


def place(directory: Path, path: str) -> Path:
    """Return where an artifact goes.

    Raises:
        ArtifactError: It is not below `directory`.
    """
    relative = Path(path.replace("\\", "/").strip())
    bad = not relative.parts or relative.is_absolute() or ".." in relative.parts or "\0" in path
    if bad or any(ord(char) < 32 for char in path):
        raise ArtifactError(
            f"artifact path {path!r} is not a path below the output directory",
            hint="Use a relative path without '..'.",
        )
    root = directory.resolve()
    target = root / relative
    parent = root
    for part in relative.parts[:-1]:
        parent = parent / part
        if parent.is_symlink():
            raise ArtifactError(
                f"artifact path {path!r} goes through the symbolic link {str(parent)!r}", hint="Remove it."
            )
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise ArtifactError(f"artifact path {path!r} is not a regular file", hint="Remove what is there.")
    return target


def _write(directory: Path, path: str, body: str, *, overwrite: bool) -> str:
    target = place(directory, path)
    content = body.encode("utf-8", "surrogatepass" if _lone(body) else "strict")
    try:
        if target.exists() and not overwrite:
            if target.read_bytes() == content:
                return str(target)
            raise exists(path)
        directory.mkdir(parents=True, exist_ok=True)
        confined = Confined(directory)
        confined.write(str(target.relative_to(confined.directory)), content)
    except ConfinementError as error:
        raise ArtifactError(f"artifact path {path!r}: {error}", hint="Remove what is in the way.") from error
    except OSError as error:
        raise ArtifactError(
            f"artifact {str(target)!r} could not be written: {error.strerror or error}",
            hint="Make the place writable or choose another with --out, then resume: no step runs again.",
        ) from error
    return str(target)


def _lone(body: str) -> bool:
    return any(0xD800 <= ord(char) <= 0xDFFF for char in body)


def exists(path: str) -> ArtifactError:
    """Return the error for a file that is in the way."""
    return ArtifactError(
        f"artifact {path!r} exists", hint="Overwrite it with --force (overwrite=True), or choose another --out."
    )


def trace_text(trace: Mapping[str, Any]) -> str:
    """Return the value of `TRACE`: the run as JSON."""
    return json.dumps(trace, indent=2, ensure_ascii=False, default=str)
