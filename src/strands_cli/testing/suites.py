"""Tests of workflows as they stand in files: YAML, JSON, JSON lines, and tables in CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from strands_cli.errors import InputError
from strands_cli.spec.base import Closed
from strands_cli.testing.expectations import RunExpect
from strands_cli.testing.files import parse_data, read_data

SUFFIXES = (".tests.yaml", ".tests.yml", ".tests.json", ".tests.jsonl", ".tests.csv")
_TABLES = (".csv", ".jsonl")
Model = TypeVar("Model", bound=Closed)
_OTHER_NAMES = {"vars": "variables", "description": "name"}
_MOST = 5


class WorkflowCase(Closed):
    """One test of a workflow."""

    name: str = ""
    variables: dict[str, Any] = Field(default_factory=dict)
    answers: list[Any] | dict[str, Any] | str = Field(
        default_factory=list, description="Answers in the order of the questions, or by question."
    )
    replies: dict[str, Any] = Field(
        default_factory=dict, description="Agent to a text or a list of replies; a case that has some is rehearsed."
    )
    replay: str | None = Field(default=None, description="A recording beside the tests, which is replayed.")
    expect: RunExpect = Field(default_factory=RunExpect)


class SuiteFile(Closed):
    """A file of tests."""

    workflow: str | None = Field(default=None, description="The workflow file; default: NAME.yaml of NAME.tests.yaml.")
    defaults: dict[str, Any] = Field(default_factory=dict, description="What every test has that says nothing else.")
    tests: list[dict[str, Any]] | str = Field(description="The tests, or the name of a table beside this file.")


@dataclass(frozen=True)
class Suite:
    """The tests of one workflow.

    Attributes:
        path: Their file.
        workflow: The file of the workflow.
        cases: The tests.
    """

    path: Path
    workflow: Path
    cases: list[WorkflowCase]


def load_suite(path: str | PathLike[str], workflow: str | PathLike[str] | None = None) -> Suite:
    """Return the tests in a file.

    Args:
        path: A file of tests, or a workflow file that has its tests beside it.
        workflow: The workflow; default: the one that the file names, else the one beside it.

    Raises:
        LoadError: A file cannot be read, or is not what its name says.
        InputError: The tests are malformed, or their workflow is not known.
    """
    file, given = Path(path), workflow
    if not is_suite(file) and file.suffix not in _TABLES:
        file, workflow = _beside(file), workflow or file
    if given is None and _is_of_atomic_agent(file):
        raise InputError(
            f"{str(file)!r} tests an atomic agent", hint=f"Run them: strands atomic test {file.name.partition('.')[0]}."
        )
    own: str | None = None
    defaults: Mapping[str, Any] = {}
    if file.suffix in _TABLES:
        rows = list(_rows(file))
    else:
        whole = _checked(SuiteFile, read_data(file), f"the tests in {str(file)!r}")
        own, defaults = whole.workflow, whole.defaults
        rows = list(_rows(file.parent / whole.tests)) if isinstance(whole.tests, str) else whole.tests
    target = Path(workflow) if workflow is not None else _workflow(file, own)
    return Suite(file, target, [_case(file, target, row, number, defaults) for number, row in enumerate(rows, 1)])


def find_suites(directory: Path) -> list[Path]:
    """Return the files of tests of workflows in a directory and below; those of atomic agents are not among them."""
    found = [
        path
        for path in sorted(directory.rglob("*.tests.*"))
        if is_suite(path) and not any(part.startswith(".") for part in path.relative_to(directory).parts)
    ]
    return [path for path in found if not _is_of_atomic_agent(path)]


def is_suite(path: Path) -> bool:
    """Whether a file is one of tests, by its name."""
    return path.name.endswith(SUFFIXES)


def _is_of_atomic_agent(path: Path) -> bool:
    """Whether tests are those of an agent that stands alone in its file."""
    target = _named(path)
    if target is None or path.suffix in _TABLES or not path.exists():
        return False
    data, tests = read_data(target), read_data(path)
    return isinstance(data, Mapping) and "pattern" not in data and "workflow" not in (tests or {})


def _beside(workflow: Path) -> Path:
    if not workflow.exists():
        read_data(workflow)  # says so
    for suffix in SUFFIXES:
        file = workflow.with_name(f"{workflow.stem}{suffix}")
        if file.is_file():
            return file
    wanted = workflow.with_name(f"{workflow.stem}{SUFFIXES[0]}")
    raise InputError(
        f"{str(workflow)!r} has no tests", hint=f"Write them in {str(wanted)!r}: tests: [{{name, variables, expect}}]."
    )


def _workflow(file: Path, own: str | None) -> Path:
    if own is not None:
        return file.parent / own
    found = _named(file)
    if found is None:
        raise InputError(
            f"it is not known which workflow {str(file)!r} tests",
            hint="Name it: workflow: FILE in the tests, or strands test --workflow FILE.",
        )
    return found


def _named(file: Path) -> Path | None:
    stem = file.name.partition(".tests.")[0] if is_suite(file) else file.stem
    names = (file.with_name(f"{stem}{suffix}") for suffix in (".yaml", ".yml", ".json"))
    return next((name for name in names if name.is_file()), None)


def _case(file: Path, workflow: Path, row: Mapping[str, Any], number: int, defaults: Mapping[str, Any]) -> WorkflowCase:
    merged = _merged(defaults, row)
    case = _checked(WorkflowCase, merged, f"test {number} in {str(file)!r}")
    if case.name:
        return case
    told = ", ".join(f"{name}={value}" for name, value in case.variables.items())
    return case.model_copy(update={"name": f"{number}: {told}"[:70] if told else f"test {number}"})


def _merged(defaults: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a test with what it leaves out; mappings are taken together, key by key."""
    merged = _named_alike(defaults)
    for name, value in _named_alike(row).items():
        known = merged.get(name)
        merged[name] = {**known, **value} if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged


def _named_alike(test: Mapping[str, Any]) -> dict[str, Any]:
    """Return a test with the names that other tools have for its parts replaced by ours."""
    return {_OTHER_NAMES.get(name, name): value for name, value in test.items()}


def _checked(model: type[Model], data: Any, what: str) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors()[:_MOST]]
        raise InputError(f"{what} is malformed: {'; '.join(told)}", hint="See: strands test --help.") from None


# -- tables -----------------------------------------------------------------------------------------------------------


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as tests; what is not of a test is a variable."""
    from strands_cli.loader.load import read_text

    text = read_text(file, fspath(file))
    if file.suffix == ".csv":
        yield from _of_csv(text, file)
        return
    if file.suffix != ".jsonl":
        raise InputError(f"{str(file)!r} is not a table", hint="Tables end with .csv or .jsonl.")
    for number, line in enumerate(text.split("\n"), 1):  # texts may hold other ends of lines
        if line.strip():
            data = parse_data(line, f"{file}:{number}.json")
            if not isinstance(data, dict):
                raise InputError(f"line {number} of {str(file)!r} is not an object", hint="Write one object a line.")
            yield _as_test(data.items(), f"line {number} of {str(file)!r}")


def _of_csv(text: str, file: Path) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="")
    try:
        rows = list(reader)
    except csv.Error as error:
        raise InputError(f"{str(file)!r} is no table: {error}", hint="Write long texts into a .tests.yaml.") from None
    for number, row in enumerate(rows, 2):
        if "" in row:
            raise InputError(f"line {number} of {str(file)!r} has more cells than the header", hint="Quote commas.")
        cells = ((name.strip(), _cell(name.strip(), value)) for name, value in row.items() if value)
        yield _as_test(cells, f"line {number} of {str(file)!r}")


def _as_test(cells: Iterable[tuple[str, Any]], where: str) -> dict[str, Any]:
    test: dict[str, Any] = {"variables": {}}
    for name, value in cells:
        first, _, rest = name.partition(".")
        if first in ("variables", "vars") and not rest and isinstance(value, Mapping):
            test["variables"].update(value)
        elif first in ("name", "description", "answers", "replies", "replay", "expect"):
            try:
                _put(test, [first, *_parts(first, rest)], value)
            except TypeError:
                cause = f"{where}: {first!r} has a value of its own, so {name!r} says nothing"
                raise InputError(cause, hint="Leave one of them out.") from None
        else:
            test["variables"][name] = value
    return test


def _parts(first: str, rest: str) -> list[str]:
    """Return the keys of a dotted name: what an answer or a file is called may itself have dots."""
    if not rest:
        return []
    if first != "expect":
        return [rest]
    key, _, inner = rest.partition(".")
    return [key, inner] if inner else [key]


def _put(test: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        test = test.setdefault(key, {})
    test[keys[-1]] = value


def _cell(name: str, text: str) -> Any:
    """Return what a cell means: lists and objects are JSON, and so is the value of a field."""
    is_field = name.startswith("expect.fields.")
    if not is_field and not (name.startswith(("answers", "replies", "expect")) and text.lstrip()[:1] in ("[", "{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
