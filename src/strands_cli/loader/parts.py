"""The parts of a document that mean something to the checks, as the marks of its models say; its templates."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

from strands_cli.loader.walk import CONFIG, MAPPINGS, Path, at, listed
from strands_cli.spec.base import Lazy
from strands_cli.spec.registry import find_pattern
from strands_cli.spec.roles import AGENT, DATA, EXPRESSION, TEMPLATE, TOOL, VARIABLES, Group, Role, StepModel
from strands_cli.spec.steps import step_kind

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec

Nesting: TypeAlias = tuple[str, ...]
"""How many lists and mappings lie between a key and what is meant: ("mapping", "list") for lists by name."""

_NONE: frozenset[str] = frozenset()
APPROVAL_NAMES = frozenset(("args", "tool", "agent"))


class Shape:
    """What the objects of one model, or of a union of models, hold.

    Attributes:
        step: Whether they are steps.
        steps_key: The key of the steps of a group that may be written in short, or "".
        word: What a group without an id is called.
        has_id: Whether they have an id.
        marked: Keys by their marks: the key, and what lies between.
        below: Keys under which there are objects: the key, what lies between, their shape.
    """

    __slots__ = ("below", "has_id", "marked", "step", "steps_key", "word")

    def __init__(self, models: tuple[type[BaseModel], ...]) -> None:
        self.step: bool = any(issubclass(model, StepModel) for model in models)
        self.steps_key: str = next((model.steps_key for model in models if issubclass(model, Group)), "")
        self.word: str = models[0].__name__.lower()
        self.has_id: bool = any("id" in model.model_fields for model in models)
        self.marked: dict[Role, list[tuple[str, Nesting]]] = {}
        self.below: list[tuple[str, Nesting, Shape]] = []

    def keys(self, *roles: Role) -> list[str]:
        """Return the keys that have one of these marks."""
        return [key for role in roles for key, _ in self.marked.get(role, ())]


class Part(NamedTuple):
    """An object of a config: where it stands, what is in it, what it may hold.

    `number` is its place in the list of steps that it belongs to, or None; `own` are names that steps around it give.
    """

    path: Path
    value: Mapping[str, Any]
    shape: Shape
    number: int | None = None
    own: frozenset[str] = _NONE

    def marked(self, role: Role) -> Sequence[tuple[Path, Any]]:
        """Return what is there under the keys with a mark, and where."""
        path, values, shape, _, _ = self
        keys = shape.marked.get(role)
        if keys is None:
            return ()
        found: list[tuple[Path, Any]] = []
        for key, nesting in keys:
            if key not in values:
                continue
            if nesting:
                found += [(where, each) for where, each, _ in _items((*path, key), values[key], nesting, None)]
            else:
                found.append(((*path, key), values[key]))
        return found

    def agents(self) -> list[tuple[Path, str]]:
        """Return where agents are called, and their ids."""
        return [(path, id) for path, id in self.marked(AGENT) if isinstance(id, str)]


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


def shape_of(pattern: str) -> Shape | None:
    """Return the shape of a pattern's config, or None when there is no such pattern."""
    return _shape_of(pattern, _ACTS in sys.modules)


def know_steps(value: object) -> None:
    """Have the models of steps without an agent at hand where a document has such; without them they take no time."""
    if _ACTS not in sys.modules and _has_acts(value):
        import_module(_ACTS)


_ACTS = "strands_cli.spec.acts"


def _has_acts(value: object) -> bool:
    if isinstance(value, MAPPINGS):
        if ("agent" not in value or "type" in value) and step_kind(value) not in ("<agent>", "<hitl>"):
            return True
        return any(map(_has_acts, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_has_acts, value))


@lru_cache(128)
def _shape_of(pattern: str, acts: bool) -> Shape | None:
    record = find_pattern(pattern)
    return None if record is None else _shape((record.model,), {})


def parts(data: object) -> Iterator[Part]:
    """Yield the objects of a document's config in the order of its model, on any data, also on wrong one."""
    pattern = data.get("pattern") if isinstance(data, MAPPINGS) else None
    config = pattern.get("config") if isinstance(pattern, MAPPINGS) else None
    if pattern is None or not isinstance(config, MAPPINGS):
        return
    shape = shape_of(pattern["type"]) if isinstance(pattern.get("type"), str) else None
    if shape is not None:
        yield from _below(Part(CONFIG, config, shape))


def steps(data: object) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every step, task, node, branch step, review and reduce of a document, in the order of its model."""
    for part in parts(data):
        if part.shape.step:
            yield part.path, part.value


def called_agents(data: object) -> Iterator[tuple[Path, str]]:
    """Yield where an agent is called, and its id."""
    for part in parts(data):
        yield from part.agents()


def called_tools(spec: Spec) -> set[str]:
    """Return the ids of the tools that steps call without an agent."""
    return {str(id) for part in parts(spec.plain()) for _, id in part.marked(TOOL)}


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
        names = names | part.own if part.own else names
        for path, text in part.marked(TEMPLATE):
            if isinstance(text, str):
                yield TemplateSite(path, text, False, names, False, part.number)
        for path, text in part.marked(EXPRESSION):
            if isinstance(text, str):
                yield TemplateSite(path, text, True, names, False, part.number)
        for path, values in variables:
            yield from _strings(values, path, tuple(values), part.number)
        for path, value in part.marked(DATA):
            yield from (
                TemplateSite(where, text, False, names, False, part.number) for where, text in _texts(path, value)
            )
        if part.shape.step and "approvals" in part.value:
            yield from _of_approvals(part.path, part.value)
        for _, agent in part.agents():
            own[agent] = own.get(agent, _NONE) | names
    agents = data.get("agents") if isinstance(data, MAPPINGS) else None
    for id, agent_spec in agents.items() if isinstance(agents, MAPPINGS) else ():
        if isinstance(agent_spec, MAPPINGS) and (unused or id in own):
            yield from _of_agent(("agents", id), agent_spec, own.get(id, _NONE))
    if isinstance(data, Mapping) and "approvals" in data:
        yield from _of_approvals((), data)
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
        found.update(shape.keys(TEMPLATE, VARIABLES, DATA))
        waiting += [below for _, _, below in shape.below]
    return frozenset(found)


def _of_agent(path: Path, agent: Mapping[str, Any], names: frozenset[str]) -> Iterator[TemplateSite]:
    prompt = agent.get("prompt")
    if isinstance(prompt, str):
        yield TemplateSite((*path, "prompt"), prompt, own=names)
    if "approvals" in agent:
        yield from _of_approvals(path, agent)


def _of_approvals(path: Path, holder: Mapping[str, Any]) -> Iterator[TemplateSite]:
    for index, approval in listed(holder.get("approvals")):
        here = (*path, "approvals", index)
        for key in ("when", "prompt"):
            if isinstance(approval.get(key), str):
                yield TemplateSite((*here, key), approval[key], key == "when", APPROVAL_NAMES, True)


def _texts(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    """Yield the texts in data, at any depth."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, MAPPINGS):
        for key, each in value.items():
            yield from _texts((*path, key), each)
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from _texts((*path, index), each)


def _strings(
    values: Mapping[str, Any], path: Path, keys: tuple[str, ...], number: int | None = None
) -> Iterator[TemplateSite]:
    for key in keys:
        text = values.get(key)
        if isinstance(text, str):
            yield TemplateSite((*path, key), text, number=number)


def _below(part: Part) -> Iterator[Part]:
    yield part
    own = part.own | {str(part.value.get("as", "item")), "index"} if "for_each" in part.value else part.own
    for key, nesting, shape in part.shape.below:
        found = part.value.get(key)
        if found is None:
            continue
        for path, value, index in _items((*part.path, key), found, nesting, None):
            if isinstance(value, MAPPINGS):
                inner = Part(path, value, shape, index if shape.step and index is not None else part.number, own)
                if shape.below:
                    yield from _below(inner)
                else:
                    yield inner


def _items(path: Path, value: Any, nesting: Nesting, index: int | None) -> Iterator[tuple[Path, Any, int | None]]:
    """Yield what lies below so many lists and mappings, and its index when the innermost one is a list."""
    if not nesting:
        yield path, value, index
        return
    inner, below = nesting[1:], list[tuple[Path, Any, int | None]]()
    if nesting[0] == "list":
        numbered = enumerate(value if isinstance(value, (list, tuple)) else ())
        below = [((*path, number), item, number) for number, item in numbered]
    elif isinstance(value, MAPPINGS):
        below = [((*path, key), item, None) for key, item in value.items()]
    if not inner:
        yield from below
        return
    for each in below:
        yield from _items(each[0], each[1], inner, each[2])


def _shape(models: tuple[type[BaseModel], ...], known: dict[tuple[type[BaseModel], ...], Shape]) -> Shape:
    if models in known:
        return known[models]  # a model may hold itself
    shape = known[models] = Shape(models)
    for model in models:
        for name, field in model.model_fields.items():
            key = field.alias or name
            found = [((), mark) for mark in _marks(field.metadata)] + list(_meanings(field.annotation))
            for nesting, mark in found:
                if isinstance(mark, Role) and (key, nesting) not in shape.marked.setdefault(mark, []):
                    shape.marked[mark].append((key, nesting))
            for nesting in dict.fromkeys(nesting for nesting, mark in found if not isinstance(mark, Role)):
                inner = tuple(mark for each, mark in found if each == nesting and not isinstance(mark, Role))
                shape.below.append((key, nesting, _shape(inner, known)))
    return shape


def _meanings(annotation: Any, nesting: Nesting = ()) -> Iterator[tuple[Nesting, Any]]:
    """Yield the marks and the models of an annotation, with what lies between."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from ((nesting, mark) for mark in _marks(arguments[1:]))
        yield from _meanings(arguments[0], nesting)
    elif origin in (Union, UnionType):
        for each in arguments:
            yield from _meanings(each, nesting)
    elif origin in (list, tuple) and arguments:
        yield from _meanings(arguments[0], (*nesting, "list"))
    elif origin is dict:
        yield from _meanings(arguments[1], (*nesting, "mapping"))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield nesting, annotation


def _marks(metadata: Iterable[Any]) -> Iterator[Any]:
    for mark in metadata:
        if isinstance(mark, Lazy) and mark.target.startswith(f"{_ACTS}:") and _ACTS not in sys.modules:
            continue
        if isinstance(mark, (Role, Lazy)):
            yield mark if isinstance(mark, Role) else mark.model()
