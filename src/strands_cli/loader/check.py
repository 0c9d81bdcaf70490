"""What the models cannot see: names that lead nowhere, templates that do not parse, gates that would stay open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from strands_cli.capability.providers import PROVIDERS, known
from strands_cli.errors import TemplateError
from strands_cli.loader import template as templating
from strands_cli.loader.check_graph import check_graph
from strands_cli.loader.check_outputs import check_outputs
from strands_cli.loader.check_references import check_references
from strands_cli.loader.check_tools import check_tools
from strands_cli.loader.check_values import check_values
from strands_cli.loader.finding import Finding
from strands_cli.loader.marks import Marks
from strands_cli.loader.names import needed
from strands_cli.loader.walk import CONFIG, Path, at, called_agents, listed, mappings, pattern_of, templates, texts
from strands_cli.schema.problems import MOST_PROBLEMS, Problem, did_you_mean, nearest


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
    yield from check_values(data)
    yield from check_outputs(data)
    yield from duplicates(data, ("skills",), "skill")
    if tools is not None:
        yield from check_tools(data, tools)
    if pattern_of(data) == "graph":
        yield from check_graph(data)
    elif pattern_of(data) == "workflow":
        yield from check_tasks(data)
    elif pattern_of(data) == "parallel":
        yield from duplicates(data, (*CONFIG, "branches"), "branch")


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
    for place in templates(data, unused=True):
        try:
            (templating.check_expression if place.expression else templating.check)(place.text)
        except TemplateError as error:
            yield Finding(place.path, f"{place.path[-1]!r}: {error.message}", error.hint)
            continue
        strange = needed(place.text, expression=place.expression) - place.own if place.only else ()
        for name in sorted(strange):
            cause = f"{place.path[-1]!r} of an approval does not know {name!r}"
            yield Finding(place.path, cause, did_you_mean(name, sorted(place.own)))


def check_tasks(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield ids that are taken, deps that are no task, and tasks that wait for each other."""
    path = (*CONFIG, "tasks")
    yield from duplicates(data, path, "task")
    tasks = {task["id"]: (index, task) for index, task in listed(at(data, path)) if isinstance(task.get("id"), str)}
    deps = {id: [dep for _, dep in texts(task.get("deps"))] for id, (_, task) in tasks.items()}
    for id, (index, task) in tasks.items():
        for number, dep in texts(task.get("deps")):
            here = (*path, index, "deps", number) if isinstance(task["deps"], list) else (*path, index, "deps")
            if dep not in tasks:
                yield Finding(here, f"task {id!r} depends on {dep!r}, which is no task", did_you_mean(dep, tasks))
    cycle = find_cycle(deps)
    if cycle:
        first = tasks[cycle[0]][0]
        route = " -> ".join(repr(id) for id in [*cycle, cycle[0]])
        yield Finding(
            (*path, first, "deps"), f"these tasks wait for each other: {route}", "Take one of these deps away."
        )


def duplicates(data: dict[str, Any], path: Path, what: str) -> Iterator[Finding]:
    """Yield a finding for each id that an earlier item of the list has."""
    seen: set[str] = set()
    for index, each in listed(at(data, path)):
        id = each.get("id")
        if isinstance(id, str) and id in seen:
            yield Finding((*path, index, "id"), f"{what} {id!r} is declared twice", "Give each its own id.")
        elif isinstance(id, str):
            seen.add(id)


def find_cycle(deps: dict[str, list[str]]) -> list[str]:
    """Return the ids of a cycle, in its order, or []."""
    done: set[str] = set()
    for start in deps:
        trail: dict[str, Iterator[str]] = {start: iter(deps[start])} if start not in done else {}
        while trail:
            current = next(reversed(trail))
            following = next((dep for dep in trail[current] if dep in deps and dep not in done), None)
            if following is None:
                done.add(current)
                del trail[current]
            elif following in trail:
                ids = list(trail)
                return ids[ids.index(following) :]
            else:
                trail[following] = iter(deps[following])
    return []
