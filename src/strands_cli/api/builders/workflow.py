"""The builder of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from typing_extensions import Self

from strands_cli.api.builders.base import Builder, Part, agent_step, hitl_step, wrong
from strands_cli.schema.problems import did_you_mean


class WorkflowBuilder(Builder):
    """Tasks that start as soon as the tasks they depend on are done."""

    pattern_type: ClassVar[str] = "workflow"

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
        return self._add(id, agent_step(agent, input, settings), deps)

    def add_hitl(self, id: str, prompt: str, *, deps: Sequence[str] | str = (), **settings: Any) -> Self:
        """Add a task that asks a person."""
        return self._add(id, hitl_step(prompt, settings), deps)

    def _add(self, id: str, step: Part, deps: Sequence[str] | str) -> Self:
        tasks = self._config.setdefault("tasks", [])
        known = {task["id"] for task in tasks}
        deps = step.pop("depends_on", deps)
        deps = [deps] if isinstance(deps, str) else list(deps)
        if id in known:
            raise wrong(f"there is a task {id!r} already", hint="give each its own id")
        for dep in deps:
            if dep not in known:
                raise wrong(
                    f"task {id!r} depends on {dep!r}, which was not added", hint=did_you_mean(dep, sorted(known))
                )
        part = {"id": id, **step, **({"deps": deps} if deps else {})}
        before = [{"id": dep, "type": "hitl", "prompt": "-"} for dep in dict.fromkeys(deps)]
        tasks.append(self._checked({"tasks": [*before, part]}, ("tasks", len(before)), part))
        return self

    task = add_task
    hitl = add_hitl


DagBuilder = WorkflowBuilder
