"""Read a spec: from a file, a text, or a dict."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._regular import input_file, open_regular
from strands_cli.loader.errors import LoadError
from strands_cli.loader.marks import Locator, Marks
from strands_cli.schema.problems import Problem
from strands_cli.schema.validator import SchemaValidationError

if TYPE_CHECKING:
    from strands_cli.loader.json_refs import Reader
    from strands_cli.spec import Spec

MAX_BYTES = 10_000_000
_built: set[frozenset[str]] = set()
"""Shapes of documents whose models exist already."""


def load_file(path: str | os.PathLike[str], *, tools: Iterable[str] | None = ()) -> Spec:
    """Read, check and return the spec in a YAML or JSON file.

    Args:
        path: The file; what it refers to is relative to it.
        tools: Ids of tools that are given in Python, so that agents may list them; None: tools are not checked.

    Raises:
        LoadError: The file is missing or unreadable (exit code 12), or is not YAML or JSON.
        SchemaValidationError: It is not a spec; all problems at once.
        CapabilityError: It asks for what this build does not do.
    """
    _check(path, (str, os.PathLike), "the path of a workflow file", "Write the file's path.")
    file = Path(path)
    text = read_text(file, str(path))
    data, marks = parse(text, str(path))
    return build(data, marks, file.absolute().parent, tools, trail=(str(file.resolve()),))


def load_text(
    text: str | bytes, *, source: str = "<text>", tools: Iterable[str] | None = (), references: bool = True
) -> Spec:
    """Check and return the spec in a text; JSON when `source` ends in .json, else YAML.

    Args:
        tools: Ids of tools that are given in Python; None: tools are not checked.
        references: Whether it may refer to other files.

    Raises:
        LoadError: The text is not YAML or JSON.
        SchemaValidationError: It is not a spec; all problems at once.
        CapabilityError: It asks for what this build does not do.
    """
    _check(text, (str, bytes), "the text of a workflow", "To read a file: Workflow.from_file(PATH).")
    plain = decode(text, source) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    if len(plain) > MAX_BYTES:
        raise _too_large(source, len(plain))
    data, marks = parse(plain, source)
    return build(data, marks, Path.cwd(), tools, read=_read_other if references else _read_none)


def _check(given: object, kinds: tuple[type, ...], expected: str, hint: str) -> None:
    """Raise LoadError for what is no document at all."""
    if not isinstance(given, kinds):
        raise LoadError(Problem(f"expected {expected}, not {type(given).__name__}"), hint=hint)


def load_dict(
    data: Mapping[str, Any],
    *,
    source: str = "",
    base_dir: Path | None = None,
    tools: Iterable[str] | None = (),
    partial: bool = False,
) -> Spec:
    """Check and return the spec in a dict of plain JSON values.

    Args:
        data: The spec.
        source: What to call it in errors, or "".
        base_dir: What it refers to is relative to this; the current directory by default.
        tools: Ids of tools that are given in Python; None: tools are not checked.
        partial: More will be added, so what templates refer to may still be missing.

    Raises:
        SchemaValidationError: It is not a spec; all problems at once.
        CapabilityError: It asks for what this build does not do.
    """
    _check(data, (Mapping,), "a workflow as a dict", "Its keys are version, name, runtime, agents and pattern.")
    return build(dict(data), Marks(source), base_dir or Path.cwd(), tools, partial=partial)


def read_text(file: Path, source: str, *, regular: bool = False) -> str:
    """Return a file's text; nothing is read of a file that is too large.

    Args:
        regular: Refuse what this process was given open, such as a shell's `<(command)`, too.
    """
    try:
        with open(file, "rb", opener=open_regular if regular else input_file) as stream:
            status = os.fstat(stream.fileno())
            if status.st_size > MAX_BYTES:
                raise _too_large(source, status.st_size)
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise LoadError(Problem(f"no such file: {source!r}"), hint="Check the path.", unreadable=True) from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise LoadError(Problem(f"cannot read {source!r}: {cause}"), unreadable=True) from None
    if len(raw) > MAX_BYTES:
        raise _too_large(source, len(raw))
    return decode(raw, source)


def decode(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        problem = Problem(f"byte 0x{raw[error.start]:02x} is not UTF-8", "", line, column, source)
        raise LoadError(problem, hint="Save the file as UTF-8.") from None


def parse(text: str, source: str) -> tuple[dict[str, Any], Marks]:
    """Return the mapping that a YAML or JSON text holds."""
    if source.lower().endswith(".json"):
        from strands_cli.loader.json_reader import read_json as read
    else:
        from strands_cli.loader.yaml_reader import read_yaml as read
    data, marks = read(text, source)
    if isinstance(data, dict):
        return data, marks
    line, column = marks.root.line, marks.root.column
    if data is None:
        raise LoadError(
            Problem("the document is empty", "", line, column, source), hint="A spec starts with `version: 0`."
        )
    found = "a list" if isinstance(data, list) else f"{type(data).__name__} {str(data)[:40]!r}"
    problem = Problem(f"a spec is a mapping of keys to values, not {found}", "", line, column, source)
    raise LoadError(problem, hint="It starts with `version: 0`.")


def build(
    data: dict[str, Any],
    marks: Marks,
    base_dir: Path,
    tools: Iterable[str] | None,
    *,
    partial: bool = False,
    read: Reader | None = None,
    trail: tuple[str, ...] = ("",),
) -> Spec:
    """Check plain data and return its spec.

    Args:
        trail: How it was come to: the files, the first one first.
    """
    from pydantic import ValidationError

    from strands_cli.capability.checker import CapabilityError, unsupported
    from strands_cli.loader.check import check_meaning
    from strands_cli.loader.check_items import check_items, with_implied_deps
    from strands_cli.loader.json_refs import resolve_refs
    from strands_cli.loader.model_errors import explain, in_order, without_extensions
    from strands_cli.loader.parts import know_steps
    from strands_cli.loader.short_forms import written_out
    from strands_cli.loader.walk import CONFIG, at

    know_steps(at(data, CONFIG))
    data = written_out(resolve_refs(data, marks, base_dir, read or _read_other), marks)
    problems, warnings = check_meaning(data, marks, tools, partial=partial)
    within, notes_within = _within(data, marks, base_dir, tools, read or _read_other, trail)
    problems += notes_within
    complete, notes = with_implied_deps(data)
    warnings += [str(marks.problem(data, path, note)) for path, note in notes]
    if notes and not problems:
        problems += [marks.problem(data, each.path, each.message, hint=each.hint) for each in check_items(complete)]
    spec: Spec | None = None
    try:
        spec = _validated({**complete, **within})
    except ValidationError as first:
        try:
            spec = _validated({**without_extensions(complete, first), **within})
        except ValidationError as error:
            problems += explain(error, data, marks)
    if spec is None or problems:
        raise SchemaValidationError(in_order(problems))
    beyond = unsupported(spec)
    if beyond:
        raise CapabilityError([marks.problem(data, path, message, hint=hint) for path, message, hint in beyond])
    spec._base_dir, spec._source, spec._warnings = base_dir, marks.source, tuple(warnings)
    spec._places = Locator(data, marks)
    return spec


def _within(
    data: dict[str, Any],
    marks: Marks,
    base_dir: Path,
    tools: Iterable[str] | None,
    read: Reader,
    trail: tuple[str, ...],
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the workflows that steps run, as the key of the document that has them, and what is wrong there."""
    if "workflows" not in data and "strands_cli.spec.acts" not in sys.modules:
        return {}, []
    from strands_cli.loader.workflows import ReadWithin

    within = ReadWithin(data, marks, base_dir, trail)

    def inner(data: dict[str, Any], marks: Marks, base_dir: Path, trail: tuple[str, ...]) -> Spec:
        return build(data, marks, base_dir, tools, read=read, trail=trail)

    found = within.read(read, inner)
    own = data.get("workflows")
    whole = {**own, **found} if isinstance(own, dict) else found
    return {"workflows": whole} if found else {}, list(within.problems(found))


def _validated(data: dict[str, Any]) -> Spec:
    from strands_cli.loader.walk import pattern_of
    from strands_cli.spec import Spec
    from strands_cli.spec.base import without_plugins

    shape = frozenset(data) | {f"pattern {pattern_of(data)}"}
    if shape in _built:
        return Spec.model_validate(data)
    with without_plugins():
        spec = Spec.model_validate(data)
    _built.add(shape)
    return spec


def _read_other(file: Path, source: str) -> tuple[dict[str, Any], Marks]:
    return parse(read_text(file, source, regular=True), source)


def _read_none(file: Path, source: str) -> tuple[dict[str, Any], Marks]:
    raise LoadError(Problem(f"{source!r} is another file, and this text may refer to none"), unreadable=True)


def _too_large(source: str, size: int) -> LoadError:
    problem = Problem(f"{source!r} has {size:,} bytes; a spec has at most {MAX_BYTES:,}", "", 1, 1, source)
    return LoadError(problem, hint="Put long texts into files that a tool reads.")
