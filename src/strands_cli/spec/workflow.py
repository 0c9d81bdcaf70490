"""workflow: tasks that start as soon as the tasks they depend on are done."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed
from strands_cli.spec.steps import Task


class WorkflowConfig(Closed):
    """A graph of tasks without cycles."""

    tasks: list[Task] = Field(min_length=1)
