"""The files beside a spec that its runs need: skills, modules of tools, scripts of servers.

A store that several machines reach keeps them by their digests with the session, and a machine that lacks them unpacks
them into a private directory of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._home import check_private, home, make_private
from strands._threads import on_disk
from strands.journal import files as disk
from strands.journal.blobs import digest_of
from strands.journal.faults import storage_errors
from strands.journal.protocol import blob, put_blob
from strands_cli.errors import InputError, SessionError
from strands_cli.loader.artifact_paths import relative
from strands_cli.loader.parts import called_tools
from strands_cli.spec.tools import file_of

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec
    from strands_cli.spec.tools import McpServer

MOST_FILES = 2_000
MOST_BYTES = 64 * 1024 * 1024
"""How many files, and how many bytes of them, a session keeps."""

_ABANDONED = 86_400.0
"""Seconds after which nobody is still unpacking."""

SKILLS, MODULES, SERVERS, WORKFLOWS = "skills", "modules", "servers", "workflows"


async def kept(store: SessionRepository, spec: Spec) -> dict[str, str]:
    """Keep the files that a spec needs where a store does that, and return name to digest.

    Raises:
        InputError: They are too many, or too large.
    """
    if not getattr(store, "keeps_files", False) or not _has_files(spec):
        return {}
    contents = await on_disk(partial(_contents, spec))
    return {name: await put_blob(store, content) for name, content in contents.items()}


async def at_hand(store: SessionRepository, spec: Spec, files: Mapping[str, str]) -> Spec:
    """Return a spec whose files are on this machine: where it was begun, or else unpacked.

    Args:
        store: Where the session is kept.
        spec: The spec.
        files: The files that it needs, name to digest.

    Raises:
        SessionError: A file is not what was kept, or its name leads elsewhere.
    """
    there = await on_disk(partial(needed, spec))
    if files.keys() <= there.keys():
        return spec
    return spec.unpacked_at(await _unpacked(store, files))


def needed(spec: Spec) -> dict[str, Path]:
    """Return the files that a spec needs, as far as they are here: what they are called in a session, and where."""
    found: dict[str, Path] = {}
    for skill in spec.skills:
        from strands_cli.resources.skills import folder_of

        folder = folder_of(spec, skill)
        found.update((f"{SKILLS}/{skill.id}/{_below(folder, each)}", each) for each in _files_in(folder))
    base = spec.module_dir or Path.cwd()
    modules = dict.fromkeys(each for name in _references(spec) for each in _sources(base, name.partition(".")[0]))
    modules |= dict.fromkeys(each for name in _tool_files(spec) for each in _beside(base, name))
    found.update((f"{MODULES}/{_below(base, each)}", each) for each in modules)
    for server in spec.tools.mcp if spec.tools is not None else ():
        found.update(_of_server(spec, server))
    hidden = _secret_files(spec)
    found = {name: path for name, path in found.items() if path.resolve() not in hidden} if hidden else found
    for number, inner in enumerate(spec.within().values() if spec.workflows else ()):
        found.update((f"{WORKFLOWS}/{number}/{name}", path) for name, path in needed(inner).items())
    return found


def _secret_files(spec: Spec) -> set[Path]:
    """Return the files that hold secrets: those are each machine's own."""
    secrets = spec.env.secrets if spec.env is not None else []
    base = spec.base_dir or Path.cwd()
    return {(base / Path(each.path).expanduser()).resolve() for each in secrets if each.source == "file" and each.path}


def server_directory(spec: Spec, server: McpServer) -> Path | None:
    """Return the directory in which an MCP server is started; None for that of the process."""
    if not server.cwd:
        return None
    own = (spec.base_dir or Path.cwd()) / server.cwd
    unpacked = spec.unpacked / SERVERS / server.id if spec.unpacked is not None else None
    return unpacked if unpacked is not None and unpacked.is_dir() else own


def _has_files(spec: Spec) -> bool:
    return (
        bool(spec.skills) or _has_tools(spec) or any(map(_has_files, spec.within().values() if spec.workflows else ()))
    )


def _has_tools(spec: Spec) -> bool:
    return spec.tools is not None or any(
        map(_is_reference, (*(tool for agent in spec.agents.values() for tool in _tools(agent)), *called_tools(spec)))
    )


def _tools(agent: Any) -> list[str]:
    return [each for each in agent.tools or () if isinstance(each, str)]


def _is_reference(tool: str) -> bool:
    return "." in tool or ":" in tool


def _references(spec: Spec) -> list[str]:
    """Return the modules of the tools that are named by where they are."""
    names = [each for each in _named(spec) if _is_reference(each) and file_of(each) is None]
    return [each.partition(":")[0] if ":" in each else each.rpartition(".")[0] for each in names]


def _tool_files(spec: Spec) -> list[str]:
    """Return the files of the tools that are named by their file."""
    return [file[0] for each in _named(spec) if (file := file_of(each)) is not None]


def _named(spec: Spec) -> list[str]:
    declared = spec.tools.python if spec.tools is not None else []
    names = [each if isinstance(each, str) else each.callable for each in declared]
    return [*names, *(each for agent in spec.agents.values() for each in _tools(agent)), *sorted(called_tools(spec))]


def _beside(base: Path, name: str) -> Iterator[Path]:
    """Yield a tool's file below `base`, and the modules of `base` that it imports; one from elsewhere stays there."""
    file = (base / name).resolve()
    if not file.is_file() or not file.is_relative_to(base.resolve()):
        return
    yield base / file.relative_to(base.resolve())
    status = file.stat()
    for module in _imports(str(file), status.st_mtime_ns, status.st_size):
        yield from _sources(base, module)


def _sources(base: Path, first: str) -> Iterator[Path]:
    """Yield the files of a module or package in `base`, and of those there that they import."""
    waiting, seen = [first], {""}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        module = base / f"{name}.py"
        for file in [module] if module.is_file() else _files_in(base / name):
            yield file
            if file.suffix == ".py":
                status = file.stat()
                waiting += _imports(str(file), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=512)
def _imports(file: str, changed: int, size: int) -> tuple[str, ...]:
    """Return the first parts of the modules that a file imports."""
    import ast

    try:
        tree = ast.parse(Path(file).read_bytes())
    except (SyntaxError, ValueError, OSError):
        return ()  # whoever imports it is told
    names = [alias.name for each in ast.walk(tree) if isinstance(each, ast.Import) for alias in each.names]
    names += [each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.module]
    return tuple(dict.fromkeys(name.partition(".")[0] for name in names))


def _of_server(spec: Spec, server: McpServer) -> Iterator[tuple[str, Path]]:
    directory = server_directory(spec, server)
    if directory is None or Path(server.cwd or "").is_absolute():
        return
    for argument in server.args:
        file = directory / argument
        if relative(argument) is not None and file.is_file():
            yield f"{SERVERS}/{server.id}/{argument}", file


def _files_in(folder: Path) -> list[Path]:
    """Return the regular files of a directory, but for hidden and compiled ones."""
    found = []
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        if not any(part.startswith(".") or part == "__pycache__" for part in inner) and _is_plain(folder, inner):
            found.append(path)
    return found


def _is_plain(folder: Path, inner: tuple[str, ...]) -> bool:
    steps = [folder.joinpath(*inner[: count + 1]) for count in range(len(inner))]
    return steps[-1].is_file() and not any(step.is_symlink() for step in steps)


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _contents(spec: Spec) -> dict[str, bytes]:
    found = needed(spec)
    size = sum(path.stat().st_size for path in found.values())
    if len(found) > MOST_FILES or size > MOST_BYTES:
        raise InputError(
            f"the spec's skills and tools are {len(found):,} files of {size:,} bytes; a session keeps at most "
            f"{MOST_FILES:,} of {MOST_BYTES:,} bytes",
            hint="Keep what they do not need out of their directories, or install the tools on each machine.",
        )
    return {name: path.read_bytes() for name, path in found.items()}


async def _unpacked(store: SessionRepository, files: Mapping[str, str]) -> Path:
    """Return a private directory that holds the files; one for all sessions that need the same."""
    told = json.dumps(sorted(files.items())).encode()
    root = home() / "unpacked"
    directory = root / hashlib.sha256(told).hexdigest()[:32]
    places = {name: directory.joinpath(*_safe(name)) for name in files}
    with storage_errors(root):
        make_private(root)
        check_private(root)
        if not directory.exists():
            contents = {name: await blob(store, digest) for name, digest in files.items()}
            await on_disk(partial(_write, directory, contents))
        await on_disk(partial(_check, directory, {places[name]: digest for name, digest in files.items()}))
    return directory


def _write(directory: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files beside their place, then move them there at once, unless somebody else just has."""
    _sweep(directory.parent)
    made = directory.with_name(f".{directory.name}-{uuid.uuid4().hex}")
    try:
        for name, content in contents.items():
            path = made.joinpath(*_safe(name))
            make_private(path.parent)
            with open(disk.open_private(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(content)
        try:
            os.rename(made, directory)
        except OSError:
            if not directory.is_dir():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Remove what killed processes have left half unpacked."""
    for each in root.glob(".*"):
        if time.time() - each.stat().st_mtime > _ABANDONED:
            shutil.rmtree(each, ignore_errors=True)


def _check(directory: Path, digests: Mapping[Path, str]) -> None:
    check_private(directory)
    for path, digest in digests.items():
        if path.is_symlink() or not path.is_file() or digest_of(path.read_bytes()) != digest:
            raise SessionError(
                f"{str(path)!r} is not what the session keeps of it", hint=f"Remove {str(directory)!r}, then resume."
            )


def _safe(name: str) -> tuple[str, ...]:
    found = relative(name)
    if found is None or "\\" in name or found.as_posix() != name:
        raise SessionError(
            f"the session keeps a file of the name {name!r}, which leads elsewhere", hint="Nothing was run."
        )
    return found.parts
