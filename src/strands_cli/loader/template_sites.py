"""All that is a template in a document: of agents, steps, conditions and artifacts. Works on any data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from strands_cli.loader.parts import parts, shape_of
from strands_cli.loader.walk import MAPPINGS, Path, at, child, listed, mappings
from strands_cli.spec.roles import EXPRESSION, TEMPLATE, VARIABLES

_NONE: frozenset[str] = frozenset()
APPROVAL_NAMES = frozenset(("args", "tool", "agent"))


class TemplateSite(NamedTuple):
    """A template of a document.

    Attributes:
        path: Where it stands.
        text: The template.
        expression: Whether it is an expression that decides something.
        own: Names that only it has.
        only: Whether it has no others.
        number: The place of its step in the list of steps that the step belongs to, or None.
    """

    path: Path
    text: str
    expression: bool = False
    own: frozenset[str] = frozenset()
    only: bool = False
    number: int | None = None


def templates(data: object, *, unused: bool = False) -> Iterator[TemplateSite]:
    """Yield the templates of a document.

    Args:
        data: The document.
        unused: Whether agents count that no step calls.
    """
    own: dict[str, frozenset[str]] = {}
    for part in parts(data):
        variables = [(path, each) for path, each in part.marked(VARIABLES) if isinstance(each, MAPPINGS)]
        names = frozenset(str(name) for _, each in variables for name in each) if variables else _NONE
        for path, text in part.marked(TEMPLATE):
            if isinstance(text, str):
                yield TemplateSite(path, text, False, names, False, part.number)
        for path, text in part.marked(EXPRESSION):
            if isinstance(text, str):
                yield TemplateSite(path, text, True, names, False, part.number)
        for path, values in variables:
            yield from _strings(values, path, tuple(values), part.number)
        for _, agent in part.agents():
            own[agent] = own.get(agent, _NONE) | names
    for id, agent_spec in mappings(child(data, "agents")):
        if unused or id in own:
            yield from _of_agent(("agents", id), agent_spec, own.get(id, _NONE))
    for index, artifact in listed(at(data, ("outputs", "artifacts"))):
        yield from _strings(artifact, ("outputs", "artifacts", index), ("path", "from"))


def template_keys(pattern: str) -> frozenset[str]:
    """Return the keys under which the config of a pattern has templates."""
    found: set[str] = set()
    waiting, seen = [shape_of(pattern)], set()
    while waiting:
        shape = waiting.pop()
        if shape is None or id(shape) in seen:
            continue
        seen.add(id(shape))
        found.update(shape.keys(TEMPLATE, VARIABLES))
        waiting += [below for _, _, below in shape.below]
    return frozenset(found)


def _of_agent(path: Path, agent: Mapping[str, Any], names: frozenset[str]) -> Iterator[TemplateSite]:
    prompt = agent.get("prompt")
    if isinstance(prompt, str):
        yield TemplateSite((*path, "prompt"), prompt, own=names)
    for index, approval in listed(agent.get("approvals")):
        here = (*path, "approvals", index)
        for key in ("when", "prompt"):
            if isinstance(approval.get(key), str):
                yield TemplateSite((*here, key), approval[key], key == "when", APPROVAL_NAMES, True)


def _strings(value: object, path: Path, keys: tuple[str, ...], number: int | None = None) -> Iterator[TemplateSite]:
    for key in keys:
        text = child(value, key)
        if isinstance(text, str):
            yield TemplateSite((*path, key), text, number=number)
