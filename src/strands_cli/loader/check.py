"""What the models cannot see: names that lead nowhere, templates that do not parse, gates that would stay open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from strands_cli.capability.providers import PROVIDERS, known
from strands_cli.errors import TemplateError
from strands_cli.loader import template as templating
from strands_cli.loader.check_flow import check_flow
from strands_cli.loader.check_items import check_items, duplicates
from strands_cli.loader.check_memory import check_memory
from strands_cli.loader.check_outputs import check_outputs
from strands_cli.loader.check_references import check_references
from strands_cli.loader.check_tools import check_tools
from strands_cli.loader.check_values import check_values
from strands_cli.loader.finding import Finding
from strands_cli.loader.marks import Marks
from strands_cli.loader.parts import called_agents, templates
from strands_cli.loader.template import uses
from strands_cli.loader.walk import Path, at, mappings, pattern_of
from strands_cli.schema.problems import MOST_PROBLEMS, Problem, did_you_mean, nearest
from strands_cli.spec.registry import find_pattern


def check_meaning(
    data: dict[str, Any], marks: Marks, tools: Iterable[str] | None, *, partial: bool = False
) -> tuple[list[Problem], list[str]]:
    """Return what is wrong with a document beyond its shape, and what is merely suspicious."""
    problems: list[Problem] = []
    warnings: list[str] = []
    findings = _findings(data, None if tools is None else frozenset(tools), partial)
    for finding in islice(findings, MOST_PROBLEMS):
        problem = marks.problem(data, finding.path, finding.message, hint=finding.hint, key=finding.key)
        if finding.warning:
            warnings.append(str(problem))
        else:
            problems.append(problem)
    return problems, warnings


def _findings(data: dict[str, Any], tools: frozenset[str] | None, partial: bool) -> Iterator[Finding]:
    yield from _providers(data)
    yield from _agents(data)
    yield from _templates(data)
    if not partial:
        yield from check_references(data)
    yield from check_memory(data)
    yield from check_values(data)
    yield from check_outputs(data)
    yield from duplicates(data, ("skills",), "skill")
    if tools is not None:
        yield from check_tools(data, tools)
    yield from check_items(data)
    if not partial:
        yield from check_flow(data)
    record = find_pattern(pattern_of(data))
    if record is not None and record.check is not None:
        yield from record.check(data)


def _providers(data: dict[str, Any]) -> Iterator[Finding]:
    places: list[Path] = [("runtime", "provider")]
    places += [("agents", id, "provider") for id, _ in mappings(data.get("agents"))]
    for path in places:
        provider = at(data, path)
        if not isinstance(provider, str) or provider in PROVIDERS or not nearest(provider, PROVIDERS):
            continue
        if provider not in known():  # whom a package beside this one offers may have a name like one of ours
            yield Finding(path, f"provider {provider!r} is not known", did_you_mean(provider, PROVIDERS))


def _agents(data: dict[str, Any]) -> Iterator[Finding]:
    declared = data.get("agents")
    if not isinstance(declared, dict):
        return
    for path, agent in called_agents(data):
        if agent not in declared:
            hint = did_you_mean(agent, map(str, declared))
            yield Finding(path, f"agent {agent!r} is not declared under 'agents'", hint)


def _templates(data: dict[str, Any]) -> Iterator[Finding]:
    for place in [*templates(data, unused=True)]:
        try:
            (templating.check_expression if place.expression else templating.check)(place.text)
        except TemplateError as error:
            yield Finding(place.path, f"{place.path[-1]!r}: {error.message}", error.hint)
            continue
        strange = uses(place.text, expression=place.expression).names - place.own if place.only else ()
        for name in sorted(strange):
            cause = f"{place.path[-1]!r} of an approval does not know {name!r}"
            yield Finding(place.path, cause, did_you_mean(name, sorted(place.own)))
