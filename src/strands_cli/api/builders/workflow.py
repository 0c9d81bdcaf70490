"""The builder of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.acts import NamedActs
from strands_cli.api.builders.base import Part, agent_step, hitl_step
from strands_cli.api.builders.config import ConfigBuilder


class WorkflowBuilder(NamedActs, ConfigBuilder):
    """Tasks that start as soon as the tasks they depend on are done."""

    pattern_type = "workflow"

    def add_task(
        self, id: str, agent: str, input: str | None = None, *, deps: Sequence[str] | str = (), **settings: Any
    ) -> Self:
        """Add a task of an agent.

        Args:
            id: What its result is called by: `tasks.<id>.response`.
            deps: Ids of earlier tasks; `depends_on` is another name.
            settings: As for a step.

        Raises:
            SchemaValidationError: The id is taken, or there is no such agent or task.
        """
        return self._task(id, agent_step(agent, input, settings), deps)

    def add_hitl(self, id: str, prompt: str, *, deps: Sequence[str] | str = (), **settings: Any) -> Self:
        """Add a task that asks a person."""
        return self._task(id, hitl_step(prompt, settings), deps)

    def _task(self, id: str, step: Part, deps: Sequence[str] | str) -> Self:
        deps = step.pop("depends_on", deps)
        deps = [deps] if isinstance(deps, str) else list(deps)
        return self._add("tasks", {"id": id, **step, **({"deps": deps} if deps else {})})

    def _named(self, id: str, part: Part) -> Self:
        return self._task(id, part, part.pop("deps", ()))

    task = add_task
    hitl = add_hitl


DagBuilder = WorkflowBuilder
"""Another name for `WorkflowBuilder`."""
