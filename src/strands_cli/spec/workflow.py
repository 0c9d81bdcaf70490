"""workflow: tasks that start as soon as the tasks they depend on are done."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed
from strands_cli.spec.roles import RESULT, Results
from strands_cli.spec.steps import Task

SAYS = "tasks, each as soon as those it depends on are done"
NAMES = frozenset(("tasks",))
SOFT_NAMES = frozenset(("total_tasks",))
RESULTS = {"tasks": Results(RESULT, of="tasks", word="task")}


class WorkflowConfig(Closed):
    """A graph of tasks without cycles."""

    tasks: list[Task] = Field(
        min_length=1, description="What is to be done; tasks that wait for nothing run side by side."
    )
