"""Tests of atomic agents: inputs, and what is expected of the outputs, in a YAML file beside the agent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator

from strands._regular import input_text
from strands_cli.atomic.agent import AtomicAgent, AtomicError
from strands_cli.atomic.running import run_async
from strands_cli.errors import StrandsError
from strands_cli.resources.contracts import problems
from strands_cli.spec.base import Closed, Names


class OutputCheck(Closed):
    """One thing that must hold of an output, as tests of other engines write it."""

    type: Literal["has_keys", "max_length", "contains"]
    keys: Names = Field(default_factory=list, description="has_keys: fields that the output must have.")
    field: str | None = Field(default=None, description="max_length: which field.")
    value: Any = Field(default=None, description="max_length: characters; contains: a text.")

    @model_validator(mode="after")
    def _whole(self) -> OutputCheck:
        if self.type == "max_length" and not (self.field and type(self.value) is int):
            raise ValueError("max_length needs a field, and a whole number as its value")
        if self.type == "contains" and not isinstance(self.value, str):
            raise ValueError("contains needs a text as its value")
        return self


class Expect(Closed):
    """What must hold of an output."""

    contains: Names = Field(default_factory=list, description="Texts that must be in it; case does not matter.")
    not_contains: Names = Field(default_factory=list)
    matches: str | None = Field(default=None, description="Regular expression that must be found in it.")
    equals: Any = None
    fields: dict[str, Any] = Field(default_factory=dict, description="Dotted path in the output to its value.")
    min_length: int | None = None
    max_length: int | None = None
    output_schema: str | dict[str, Any] | None = Field(
        default=None, description="A JSON Schema that it must fit, or a JSON file beside the tests that holds one."
    )
    checks: list[OutputCheck] = Field(default_factory=list)
    fails: str | None = Field(default=None, description="The run must fail with an error that holds this text.")

    @field_validator("matches")
    @classmethod
    def _expression(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from None
        return value


class Case(Closed):
    """One test."""

    name: str = "unnamed"
    input: Any = Field(
        default=None, description='The input, or "./FILE.json" beside the tests (or "../FILE.json") that holds it.'
    )
    reply: Any = Field(default=None, description="What the model answers; without it a model is asked.")
    expect: Expect = Field(
        default_factory=Expect, validation_alias=AliasChoices("expect", "expectations"), description="What must hold."
    )

    @field_validator("expect", mode="before")
    @classmethod
    def _anything(cls, value: object) -> object:
        return {} if value is None else value


class Cases(Closed):
    """The tests of an agent."""

    tests: list[Case] = Field(min_length=1, validation_alias=AliasChoices("tests", "cases"))
    agent: str | None = Field(default=None, description="Whose tests they are, for readers.")


@dataclass(frozen=True)
class CaseResult:
    """How a test went; `problems` is empty when it passed."""

    name: str
    problems: list[str]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"name": self.name, "passed": self.passed, "problems": self.problems, "seconds": self.seconds}


def load_cases(agent: AtomicAgent) -> list[Case]:
    """Return the tests of an agent.

    Raises:
        AtomicError: It has none, or their file is malformed.
    """
    path = agent.tests
    if path is None:
        raise AtomicError(
            f"agent {agent.name!r} has no tests",
            hint=f"Write them in {agent.path.with_suffix('.tests.yaml')}: tests: [{{name, input, expect}}].",
        )
    from strands_cli.loader.load import parse, read_text

    data, _ = parse(read_text(path, str(path)), str(path))
    try:
        return Cases.model_validate(data).tests
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
        raise AtomicError(
            f"the tests in {str(path)!r} are malformed: {told}", hint="See: strands atomic test --help."
        ) from None


async def run_cases(
    agent: AtomicAgent, *, only: str | None = None, offline: bool = False, **options: Any
) -> list[CaseResult]:
    """Run the tests of an agent, one after the other.

    Args:
        only: Text that the name of a test must hold to be run.
        offline: Cases without a `reply` are rehearsed, and of what they expect only the contracts are checked.
        options: As for `Workflow`.

    Raises:
        AtomicError: There are no such tests.
    """
    chosen = [case for case in load_cases(agent) if only is None or only in case.name]
    if not chosen:
        raise AtomicError(f"no test of agent {agent.name!r} has {only!r} in its name", hint="Leave --only out.")
    return [await _run(agent, _whole(case, tests_path(agent).parent), offline, options) for case in chosen]


def _whole(case: Case, folder: Path) -> Case:
    """Return a test with what it refers to in its place.

    Raises:
        AtomicError: A file that it names is not there, or is not JSON.
    """
    given, schema = case.input, case.expect.output_schema
    if isinstance(given, str) and given.startswith(("./", "../")) and given.endswith(".json"):
        case = case.model_copy(update={"input": _json_of(folder, given)})
    if isinstance(schema, str):
        expect = case.expect.model_copy(update={"output_schema": _json_of(folder, schema)})
        case = case.model_copy(update={"expect": expect})
    return case


def _json_of(folder: Path, name: str) -> Any:
    try:
        return json.loads(input_text(folder / name))
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "it is not JSON"
        raise AtomicError(
            f"the tests name {name!r}, which cannot be read: {cause}", hint=f"It is looked for in {str(folder)!r}."
        ) from None


async def _run(agent: AtomicAgent, case: Case, offline: bool, options: dict[str, Any]) -> CaseResult:
    from strands_cli.session.memory import MemorySessionRepository

    more: dict[str, Any] = {"offline": offline, "repository": MemorySessionRepository(), **options}
    if case.reply is not None:
        from strands.models.scripted import ScriptedModel

        reply = case.reply if isinstance(case.reply, str) else json.dumps(case.reply, ensure_ascii=False)
        more["model"] = ScriptedModel([reply], repeat="last")
    try:
        result = await run_async(agent, case.input, **more)
    except StrandsError as error:
        return CaseResult(case.name, _failed(case, error))
    seconds = round(result.run.duration_seconds, 3)
    if not result.run.success:
        return CaseResult(case.name, [f"the run is {result.run.status}"], seconds)
    if case.expect.fails is not None:
        return CaseResult(case.name, [f"it was to fail with {case.expect.fails!r} and did not"], seconds)
    rehearsed = offline and case.reply is None and "model" not in options
    return CaseResult(case.name, [] if rehearsed else list(unmet(case.expect, result.output)), seconds)


def _failed(case: Case, error: StrandsError) -> list[str]:
    if case.expect.fails is not None and case.expect.fails.casefold() in error.message.casefold():
        return []
    return [error.message]


def unmet(expect: Expect, output: Any) -> Iterator[str]:
    """Yield what does not hold of an output."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    folded = text.casefold()
    yield from (f"{each!r} is not in the output" for each in expect.contains if each.casefold() not in folded)
    yield from (f"{each!r} is in the output" for each in expect.not_contains if each.casefold() in folded)
    if expect.matches is not None and re.search(expect.matches, text) is None:
        yield f"the output does not match {expect.matches!r}"
    if "equals" in expect.model_fields_set and output != expect.equals:
        yield f"the output is {_short(output)}, not {_short(expect.equals)}"
    if isinstance(expect.output_schema, dict):
        yield from problems(expect.output_schema, output)
    for check in expect.checks:
        yield from _unchecked(check, output, text)
    for path, wanted in expect.fields.items():
        found = _at(output, path)
        if found != wanted:
            yield f"{path} is {_short(found)}, not {_short(wanted)}"
    if expect.min_length is not None and len(text) < expect.min_length:
        yield f"the output has {len(text)} characters, fewer than {expect.min_length}"
    if expect.max_length is not None and len(text) > expect.max_length:
        yield f"the output has {len(text)} characters, more than {expect.max_length}"


def _unchecked(check: OutputCheck, output: Any, text: str) -> Iterator[str]:
    fields = output if isinstance(output, dict) else {}
    if check.type == "has_keys":
        yield from (f"the output has no field {key!r}" for key in check.keys if key not in fields)
    elif check.type == "contains" and check.value not in text:
        yield f"{check.value!r} is not in the output"
    elif check.type == "max_length":
        length = len(str(fields[check.field])) if check.field in fields else None
        if length is None:
            yield f"the output has no field {check.field!r}"
        elif length > check.value:
            yield f"{check.field} has {length} characters, more than {check.value}"


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return None
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def tests_path(agent: AtomicAgent) -> Path:
    """Return where the tests of an agent are, or belong."""
    return agent.tests or agent.path.with_suffix(".tests.yaml")
