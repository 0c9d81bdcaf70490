"""The builder of branches."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import any_step
from strands_cli.api.builders.groups import GroupsBuilder


class ParallelBuilder(GroupsBuilder):
    """Branches at the same time, then perhaps one step that sees them all."""

    pattern_type = "parallel"

    def add_branch(self, id: str) -> Self:
        """Begin a branch; the steps that follow are its own.

        Raises:
            SchemaValidationError: The id is taken.
        """
        return self._begin("branches", id)

    def with_reduce(self, agent: str | None = None, input: str | None = None, **settings: Any) -> Self:
        """Set the step that sees all branches: an agent's, or with `prompt` a question to a person."""
        return self._put("reduce", any_step(agent, input, settings)).done()

    branch = add_branch
    reduce = with_reduce
