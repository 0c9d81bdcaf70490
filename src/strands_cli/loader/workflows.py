"""Workflows that steps of another run: their files are read and checked, and what steps give them is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from strands_cli.loader.errors import LoadError
from strands_cli.loader.input_types import misfit
from strands_cli.loader.inputs import declared, unknown, used_names
from strands_cli.loader.marks import Marks
from strands_cli.loader.names import engine_names, reserved
from strands_cli.loader.parts import parts
from strands_cli.loader.walk import Path as Place
from strands_cli.schema.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from strands_cli.loader.json_refs import Reader
    from strands_cli.spec.root import Spec

MOST_DEEP = 8
"""How many workflows may stand in each other."""
Trail: TypeAlias = tuple[str, ...]
"""The files, or the keys of `workflows`, on the way to a document."""
Build: TypeAlias = "Callable[[dict[str, Any], Marks, Path, Trail], Spec]"


class ReadWithin:
    """The workflows that the steps of one document run.

    Args:
        data: The document.
        marks: Where everything of it stands.
        base_dir: What its paths are relative to.
        trail: How it was come to.
    """

    def __init__(self, data: dict[str, Any], marks: Marks, base_dir: Path, trail: Trail) -> None:
        self._data, self._marks, self._base_dir, self._trail = data, marks, base_dir, trail
        steps = ((part.path, part.value) for part in parts(data) if part.shape.step)
        self._steps: list[tuple[Place, Mapping[str, Any]]] = [
            (path, step)
            for path, step in steps
            if isinstance(step.get("workflow"), str) and ":" not in step["workflow"]
        ]
        found = data.get("workflows")
        self._own: dict[str, Any] = dict(found) if isinstance(found, Mapping) else {}

    def read(self, read: Reader, build: Build) -> dict[str, Spec]:
        """Return the workflows, by what steps call them.

        Args:
            read: Reads and parses a file.
            build: Checks a document, and what it runs in its turn.

        Raises:
            LoadError: A file is missing or unreadable, or leads back to itself.
            SchemaValidationError, CapabilityError: One of them is no workflow that can be run.
        """
        found: dict[str, Spec] = {}
        for name, own in self._own.items():
            if isinstance(own, dict):
                found[str(name)] = self._built(str(name), own, self._marks, ("workflows", str(name)), build, str(name))
        for place, step in self._steps:
            path = step["workflow"]
            if path in found or path in self._own:
                continue
            here = (*place, "workflow")
            try:
                file = str((self._base_dir / path).resolve())
            except (OSError, RuntimeError, ValueError) as error:
                cause = getattr(error, "strerror", None) or str(error)
                raise self._error(f"'workflow': cannot read {path!r}: {cause}", here, unreadable=True) from None
            if file in self._trail:
                route = " -> ".join(os.path.basename(each) for each in (*self._trail[self._trail.index(file) :], file))
                raise self._error(f"the workflow leads back to itself: {route}", here)
            source = os.path.join(os.path.dirname(self._marks.source), path)
            try:
                data, marks = read(self._base_dir / path, source)
            except LoadError as error:
                if error.line:
                    raise
                raise self._error(f"'workflow': {error.message}", here, error.hint, unreadable=True) from None
            found[path] = self._built(path, data, marks, here, build, file)
        return found

    def _built(self, name: str, data: dict[str, Any], marks: Marks, place: Place, build: Build, step: str) -> Spec:
        if len(self._trail) > MOST_DEEP:
            raise self._error(f"more than {MOST_DEEP} workflows stand in each other", place, "Run fewer in each other.")
        return build(data, marks, (self._base_dir / name).parent, (*self._trail, step))

    def problems(self, found: Mapping[str, Spec]) -> Iterator[Problem]:
        """Yield what is wrong with what the steps give the workflows that were found."""
        for place, step in self._steps:
            spec = found.get(step["workflow"])
            if spec is not None:
                yield from self._inputs(place, step, spec)
        yield from self._secrets(found)
        yield from self._twins(found)

    def _inputs(self, place: Place, step: Mapping[str, Any], spec: Spec) -> Iterator[Problem]:
        given = step.get("inputs") or {}
        if not isinstance(given, Mapping):
            return
        known = declared(spec)
        for name, value in given.items():
            here = (*place, "inputs", name)
            wrong = unknown(spec, str(name))
            if name in reserved(spec.pattern.type):
                wrong = f"variable {name!r} has a name that the engine uses"
            if wrong:
                hint = did_you_mean(str(name), known) if known else ""
                yield self._marks.problem(self._data, here, f"{step['workflow']!r}: {wrong}", hint=hint, key=True)
            elif name in known and not (isinstance(value, str) and "{" in value):
                cause = misfit(value, known[name].type, known[name].enum)
                cause = "" if "{{" in str(value) else cause
                if cause:
                    yield self._marks.problem(self._data, here, f"{step['workflow']!r}: variable {name!r} {cause}")
        has = {*given, *spec.inputs.values, *(name for name, each in known.items() if each.has_default)}
        needed = {*spec.inputs.required, *(set(used_names(spec)) - engine_names(spec.pattern.type))}
        for name in sorted(needed - has - set(spec.inputs.optional)):
            cause = f"{step['workflow']!r} needs the variable {name!r}"
            yield self._marks.problem(self._data, place, cause, hint=f"Give it: inputs: {{{name}: ...}}.")

    def _secrets(self, found: Mapping[str, Spec]) -> Iterator[Problem]:
        """A name stands for one secret in the whole of a run."""
        env = self._data.get("env")
        known = {name: (each, "this file") for name, each in _secrets(env)}
        for path, spec in found.items():
            for name, each in _secrets(spec.plain().get("env")):
                before, where = known.setdefault(name, (each, repr(path)))
                if before != each:
                    cause = f"{path!r} declares the secret {name!r} otherwise than {where}"
                    yield self._marks.problem(self._data, ("env",), cause, hint="Give one of them another name.")

    def _twins(self, found: Mapping[str, Spec]) -> Iterator[Problem]:
        """Agents get the rules and the tools of their workflow by what they are called on record."""
        from strands_cli.spec.within import all_within

        agents = self._data.get("agents")
        known = {str(name) for name in agents} if isinstance(agents, Mapping) else set()
        for path, spec in found.items():
            inner = [("", spec), *((name, way[-1]) for name, way in all_within(spec))]
            names = {f"{path}/{name}{agent}" for name, each in inner for agent in ("", *each.agents)}
            if twins := sorted(names & known):
                here = next((place for place, step in self._steps if step["workflow"] == path), ("workflows", path))
                cause = f"workflow {path!r} has the name {twins[0]!r} on record, which another part of the run has"
                yield self._marks.problem(self._data, here, cause, hint="Give one of them another name or path.")
            known |= names

    def _error(self, message: str, path: Place, hint: str = "", *, unreadable: bool = False) -> LoadError:
        return LoadError(self._marks.problem(self._data, path, message, hint=hint), unreadable=unreadable)


def _secrets(env: object) -> Iterator[tuple[str, Any]]:
    declared = env.get("secrets") if isinstance(env, Mapping) else None
    for each in declared if isinstance(declared, (list, tuple)) else ():
        if isinstance(each, Mapping):
            yield str(each.get("name") or each.get("key")), dict(each)
