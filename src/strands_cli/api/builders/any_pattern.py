"""The builder of any pattern, also of those that other packages offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import Builder, wrong
from strands_cli.schema.problems import did_you_mean


class PatternBuilder(Builder):
    """The parts of a pattern's config, one by one, as a workflow file has them.

    Args:
        name: The workflow's name.
        pattern: The pattern: one that `strands list-supported` lists.
        description: What the workflow is for.

    Raises:
        SchemaValidationError: There is no such pattern.
    """

    def __init__(self, name: str, pattern: str, *, description: str | None = None) -> None:
        from strands_cli.spec.registry import find_pattern, known_patterns

        super().__init__(name, description=description)
        if find_pattern(pattern) is None:
            raise wrong(f"there is no pattern {pattern!r}", hint=did_you_mean(pattern, known_patterns()))
        self._pattern = pattern

    @property
    def pattern_type(self) -> str:  # type: ignore[override]
        """The pattern."""
        return self._pattern

    def with_part(self, key: str, value: Any) -> Self:
        """Set a key of the config.

        Raises:
            SchemaValidationError: The pattern has no such key, or the value is wrong.
        """
        self._config[key] = self._checked({key: value}, (key,), value)
        return self

    def add_part(self, key: str, value: Mapping[str, Any], *, name: str | None = None) -> Self:
        """Add to a list of the config, or with a name to a mapping.

        Args:
            key: The key of the list or mapping.
            value: What is added: a step, a task, a node ...
            name: What it is called, in a mapping.

        Raises:
            SchemaValidationError: The pattern has no such key, the value is wrong, or the name is taken.
        """
        part = dict(value)
        if name is None:
            self._config.setdefault(key, []).append(self._checked({key: [part]}, (key, 0), part))
            return self
        parts = self._config.setdefault(key, {})
        if name in parts:
            raise wrong(f"there is a part {name!r} of {key!r} already", hint="give each its own name")
        parts[name] = self._checked({key: {name: part}}, (key, name), part)
        return self
