"""The config of a pattern, part by part. What a key holds, one part, a list or a mapping, is read off its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import Builder, Part, hitl_step, wrong
from strands_cli.loader.parts import Shape, shape_of
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.spec.registry import pattern_record


class ConfigBuilder(Builder):
    """What the builders of all patterns share; those of one pattern only give its parts names and types."""

    def __init__(self, name: str, *, description: str | None = None) -> None:
        super().__init__(name, description=description)
        self._config: Part = {}
        self._group: tuple[str | int, ...] = ()  # where the steps of the newest group are

    def with_part(self, key: str, value: Any) -> Self:
        """Set a key of the config.

        Args:
            key: The key, as a workflow file has it.
            value: What stands there.

        Raises:
            SchemaValidationError: The pattern has no such key, or the value is wrong.
        """
        return self._put(key, value)

    def add_part(self, key: str, value: Mapping[str, Any], *, name: str | None = None) -> Self:
        """Add to a list of the config, or with a name to a mapping.

        Args:
            key: The key of the list or mapping.
            value: What is added: a step, a task, a node ...
            name: What it is called, in a mapping.

        Raises:
            SchemaValidationError: The pattern has no such key, the value is wrong, or the name is taken.
        """
        return self._add(key, dict(value), name)

    def to_dict(self) -> Part:
        """Return the spec as it stands, as plain data."""
        return {**self._data, "pattern": {"type": self.pattern_type, "config": self._config}}

    # -- for the builders of each pattern -----------------------------------------------------------------------------

    def _put(self, key: str, part: Any, *at: str) -> Self:
        """Set a key; what is wrong elsewhere than under `at`, which is in it, is not this call's fault."""
        return self._write({key: part}, (key, *at))

    def _add(self, key: str, part: Part, name: str | None = None) -> Self:
        """Add to what a key holds: a list, or a mapping in which the part is called `name`."""
        if name is None:
            held = self._config.get(key, [])
            if "id" in part and any(each.get("id") == part["id"] for each in held):
                raise self._taken(key, part["id"])
            return self._write({key: [*held, part]}, (key, len(held)))
        named = self._config.get(key, {})
        if name in named:
            raise self._taken(key, name)
        return self._write({key: {**named, name: part}}, (key, name))

    def _begin(self, key: str, name: str) -> Self:
        """Begin a group under a key: the steps that follow belong to it."""
        shape = self._groups()[key]
        stand_in = {shape.steps_key: [hitl_step("-", {})]}  # a group needs a step, and its own are yet to come
        if shape.has_id:
            self._add(key, {"id": name, **stand_in})
            self._group = (key, len(self._config[key]) - 1, shape.steps_key)
        else:
            self._add(key, stand_in, name)
            self._group = (key, name, shape.steps_key)
        self._at(self._group).clear()
        return self

    def _add_to_group(self, part: Part) -> Self:
        """Add a step to the group that was begun last."""
        if not self._group:
            words = (f"add_{shape.word}" for shape in self._groups().values())
            raise wrong("this step belongs to nothing", hint=f"Call {' or '.join(words)} first.")
        steps = self._at(self._group)
        steps.append(part)
        try:
            self._check(self.to_dict(), ("pattern", "config", *self._group, len(steps) - 1))
        except Exception:
            steps.pop()
            raise
        return self

    def _write(self, change: Part, path: tuple[str | int, ...]) -> Self:
        """Change the config, or raise what is wrong with the part at `path` of it."""
        pattern = {"type": self.pattern_type, "config": {**self._config, **change}}
        self._check({**self._data, "pattern": pattern}, ("pattern", "config", *path))
        self._config.update(change)
        return self

    def _groups(self) -> dict[str, Shape]:
        """Return the keys that hold groups of steps, and the shapes of those."""
        shape = shape_of(self.pattern_type)
        return {key: inner for key, _, inner in shape.below if inner.steps_key} if shape is not None else {}

    def _taken(self, key: str, name: str) -> SchemaValidationError:
        result = pattern_record(self.pattern_type).results.get(key)
        word = (result.word if result is not None else "") or key.removesuffix("s")
        return wrong(f"there is a {word} {name!r} already", hint=f"Give each {word} its own name.")

    def _at(self, path: tuple[str | int, ...]) -> Any:
        found: Any = self._config
        for key in path:
            found = found[key]
        return found
