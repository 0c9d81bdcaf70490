"""Values: defaults fit their declarations, answers fit their questions, variables do not take the engine's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strands.types import patterns
from strands_cli.loader.finding import Finding
from strands_cli.loader.input_types import misfit
from strands_cli.loader.names import reserved
from strands_cli.loader.parts import parts
from strands_cli.loader.walk import MAPPINGS, Path, at, child, listed, mappings, pattern_of
from strands_cli.spec.roles import VARIABLES
from strands_cli.types import RULES

_RULES = frozenset(RULES)


def check_values(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield values that do not fit what the document itself says of them."""
    engine = reserved(pattern_of(data))
    yield from _variables(data, engine)
    for part in parts(data):
        for path, names in part.marked(VARIABLES):
            for name in engine & set(names) if isinstance(names, MAPPINGS) else ():
                yield _taken((*path, name), name)
        if part.shape.step and "prompt" in part.value:
            yield from _default(part.path, part.value)
            if not _RULES.isdisjoint(part.value):
                from strands_cli.loader.check_asking import check_step

                yield from check_step(data, part.path, part.value)
    if _has_rules(data):
        from strands_cli.loader.check_asking import check_rules

        yield from check_rules(data)


def _has_rules(data: dict[str, Any]) -> bool:
    """Whether an approval or a budget says whom it asks."""
    asking = [rule for _, agent in mappings(data.get("agents")) for _, rule in listed(agent.get("approvals"))]
    budgets = at(data, ("runtime", "budgets"))
    return any(not _RULES.isdisjoint(each) for each in (*asking, *([budgets] if isinstance(budgets, dict) else ())))


def _variables(data: dict[str, Any], engine: frozenset[str]) -> Iterator[Finding]:
    inputs, declared = data.get("inputs"), dict[str, tuple[str, object]]()
    groups: dict[str, Mapping[Any, object]] = {}
    for group in ("required", "optional", "values"):
        names = inputs.get(group) if isinstance(inputs, MAPPINGS) else None
        if isinstance(names, MAPPINGS):
            groups[group] = names
    for group, names in groups.items():
        for name in names:
            path: Path = ("inputs", group, name)
            if name in engine:
                yield _taken(path, name)
            elif not str(name).isidentifier():
                yield Finding(
                    path, f"no template can use a variable called {name!r}", "Use letters, digits, _", True, True
                )
    for group in ("optional", "required"):
        for name, declaration in groups.get(group, {}).items():
            declared[name] = (group, declaration)
            default: Path = ("inputs", group, name, "default")
            if isinstance(declaration, Mapping) and declaration.get("default") is not None:
                yield from _fits(default, name, declaration, declaration["default"])
    for name, value in groups.get("values", {}).items():
        if name in declared:
            yield from _fits(("inputs", "values", name), name, declared[name][1], value)


def _taken(path: Path, name: str) -> Finding:
    return Finding(path, f"variable {name!r} has a name that the engine uses", "Choose another name.", key=True)


def _fits(path: Path, name: str, declaration: object, value: object) -> Iterator[Finding]:
    said = declaration if isinstance(declaration, Mapping) else {}
    type_name = declaration if isinstance(declaration, str) else said.get("type") or "string"
    enum = said.get("enum")
    cause = misfit(value, str(type_name), enum if isinstance(enum, list) else None)
    if cause:
        yield Finding(path, f"{name!r} {cause}")


def _default(path: Path, step: Mapping[str, Any]) -> Iterator[Finding]:
    """A default that its own question would refuse is not an answer at the deadline."""
    if step.get("default") is None:
        return
    value, choices = step["default"], step.get("choices")
    if any("{{" in str(each) for each in (value, *(choices if isinstance(choices, list) else ()))):
        return  # what they are is known when it is asked
    where = (*path, "default")
    if isinstance(choices, list) and str(value) not in map(str, choices):
        yield Finding(
            where, f"the default {value!r} is not one of the choices", f"choices: {', '.join(map(str, choices))}"
        )
    pattern = child(step.get("validation"), "pattern")
    if isinstance(pattern, str) and isinstance(value, str):
        try:
            fits = patterns.full_match(pattern, value)
        except patterns.PatternError as error:
            yield Finding((*path, "validation", "pattern"), str(error))
            return
        if not fits:
            yield Finding(where, f"the default {value!r} does not match the pattern {pattern!r}")
    if isinstance(step.get("schema"), Mapping):
        yield from _against_schema(where, value, step["schema"])


def _against_schema(path: Path, value: object, schema: Mapping[str, Any]) -> Iterator[Finding]:
    from strands.types import json_schema

    try:
        json_schema.check_schema(schema)
    except ValueError:
        return
    for problem in json_schema.problems(schema, value)[:1]:
        yield Finding(path, f"the default {value!r} does not fit the schema: {problem.removeprefix('$: ')}")
