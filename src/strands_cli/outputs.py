"""Artifacts: the files that a finished run writes, below its output directory, or its prefix in a bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from strands.journal.files import sync_directory
from strands_cli.builtin.confined import Confined, ConfinementError
from strands_cli.errors import ArtifactError
from strands_cli.loader.artifact_paths import overlap, relative
from strands_cli.loader.template import render, render_path
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.spec.outputs import Artifact

NOTE = "artifacts"
"""Journal key under which is noted, before the first of them is written, which files a session will write."""


class File(NamedTuple):
    """An artifact that is ready to be written: its path as rendered, where that is, and what goes there."""

    path: str
    target: str
    content: bytes

    @property
    def digest(self) -> str:
        """What tells its content from any other."""
        return _digest(self.content)

    def note(self) -> Json:
        """Return what a session keeps of it, to know its own file again."""
        return {"path": self.target, "digest": self.digest}


class Sink(Protocol):
    """Where artifacts go.

    Attributes:
        place: What it is called: an absolute path, or a URL.
    """

    place: str

    def target(self, path: str) -> str:
        """Return where an artifact goes.

        Raises:
            ArtifactError: It is not below the sink's place.
        """
        ...

    def digest_at(self, path: str) -> str | None:
        """Return what tells the content that is where an artifact goes from any other; None where nothing is.

        Raises:
            ArtifactError: It cannot be read.
        """
        ...

    def write(self, files: Sequence[File], *, overwrite: bool) -> list[str]:
        """Write each file, whole or not at all; all are there for good when this returns.

        Args:
            files: The files, which nothing is in the way of.
            overwrite: Replace what has come there meanwhile.

        Returns:
            Where they are, in the order of `files`.

        Raises:
            ArtifactError: A file cannot be written.
        """
        ...


def rendered(artifacts: Sequence[Artifact], names: Mapping[str, Any], sink: Sink) -> list[File]:
    """Return the files that artifacts become.

    Args:
        names: What paths and bodies may use. A "/" that a name brings into a path makes no directory.
        sink: Where they go.

    Raises:
        ArtifactError: A path leaves the sink's place, or two artifacts have one.
    """
    paths = [render_path(one.path, names) for one in artifacts]
    targets = [sink.target(path) for path in paths]
    check_apart(paths)
    bodies = [render(one.from_, names) for one in artifacts]
    return [File(*each) for each in zip(paths, targets, map(_encoded, bodies), strict=True)]


def check_free(files: Iterable[File], own: Iterable[Json], sink: Sink, *, overwrite: bool) -> None:
    """Raise ArtifactError when a file is in the way.

    Args:
        own: The notes of this session: a file that it wrote itself, or that holds the same bytes, is not in the way.
        sink: Where they go.
        overwrite: No file is.
    """
    known = {(note["path"], note["digest"]) for note in own}
    for file in () if overwrite else files:
        digest = sink.digest_at(file.path)
        if digest not in (None, file.digest) and (file.target, digest) not in known:
            raise exists(file.path)


def sink_at(place: str) -> Sink:
    """Return the sink at a place: a directory, or `s3://BUCKET/PREFIX`.

    Raises:
        ArtifactError: It is a URL of another kind.
    """
    if is_url(place):
        from strands_cli.resources.s3_sink import S3Sink

        return S3Sink(place)
    return DirectorySink(Path(place))


def is_url(place: str) -> bool:
    """Whether a sink is named by a URL, not a directory."""
    return "://" in place


class DirectorySink:
    """A directory; see `Sink`. Links are not followed.

    Args:
        directory: The directory; made when missing.
    """

    def __init__(self, directory: Path) -> None:
        self.place: str = str(directory)
        self._directory = directory

    def target(self, path: str) -> str:
        return str(place(self._directory, path))

    def digest_at(self, path: str) -> str | None:
        target = place(self._directory, path)
        try:
            return _digest(target.read_bytes()) if target.exists() else None
        except OSError as error:
            raise _unwritten(target, error) from error

    def write(self, files: Sequence[File], *, overwrite: bool) -> list[str]:
        """Write each file to a temporary one beside its place, then move it there."""
        directory = self._directory
        made = [each for each in (directory, *directory.parents) if not each.exists()]
        for file in files:
            _write(directory, file)
        below = {each for file in files for each in _up_to(Path(file.target).parent, directory)}
        try:
            for each in (*below, *(each.parent for each in made)):
                sync_directory(each)
        except OSError as error:
            raise _unwritten(directory, error) from error
        return [file.target for file in files]


def place(directory: Path, path: str) -> Path:
    """Return where an artifact goes.

    Raises:
        ArtifactError: It is not below `directory`.
    """
    below = relative(path)
    if below is None:
        raise ArtifactError(
            f"artifact path {path!r} is not a path below the output directory",
            hint="Use a relative path without '..'.",
        )
    root = directory.resolve()
    target = root / below
    parent = root
    for part in below.parts[:-1]:
        parent = parent / part
        if parent.is_symlink():
            raise ArtifactError(
                f"artifact path {path!r} goes through the symbolic link {str(parent)!r}", hint="Remove it."
            )
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise ArtifactError(f"artifact path {path!r} is not a regular file", hint="Remove what is there.")
    return target


def check_apart(paths: Sequence[str]) -> None:
    """Raise ArtifactError when two rendered paths are one, or one is a directory of the other."""
    both = overlap([found for found in map(relative, paths) if found is not None])
    if both is not None:
        first, second = paths[both[0]], paths[both[1]]
        raise ArtifactError(
            f"the artifacts {first!r} and {second!r} are in each other's way",
            hint="Give each a path of its own, whatever the variables are.",
        )


def _write(directory: Path, file: File) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        confined = Confined(directory)
        confined.write(str(Path(file.target).relative_to(confined.directory)), file.content, durable=True)
    except ConfinementError as error:
        raise ArtifactError(f"artifact path {file.path!r}: {error}", hint="Remove what is in the way.") from error
    except OSError as error:
        raise _unwritten(Path(file.target), error) from error


def _up_to(path: Path, directory: Path) -> list[Path]:
    """Return a directory and those above it, up to the output directory."""
    root = directory.resolve()
    return [each for each in (path, *path.parents) if each.is_relative_to(root)]


def _unwritten(path: Path, error: OSError) -> ArtifactError:
    return ArtifactError(
        f"artifact {str(path)!r} could not be written: {error.strerror or error}",
        hint="Make the place writable or choose another with --out, then resume: no step runs again.",
    )


def _encoded(body: str) -> bytes:
    lone = any(0xD800 <= ord(char) <= 0xDFFF for char in body)
    return body.encode("utf-8", "surrogatepass" if lone else "strict")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def exists(path: str) -> ArtifactError:
    """Return the error for a file that is in the way."""
    return ArtifactError(
        f"artifact {path!r} exists", hint="Overwrite it with --force (overwrite=True), or choose another --out."
    )


def trace_text(trace: Mapping[str, Any]) -> str:
    """Return the value of `TRACE`: the run as JSON."""
    return json.dumps(trace, indent=2, ensure_ascii=False, default=str)
