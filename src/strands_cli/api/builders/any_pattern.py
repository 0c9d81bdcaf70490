"""The builder of any pattern, also of those that other packages offer."""

from __future__ import annotations

from strands_cli.api.builders.base import wrong
from strands_cli.api.builders.config import ConfigBuilder
from strands_cli.schema.problems import did_you_mean


class PatternBuilder(ConfigBuilder):
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
        self.pattern_type = pattern
