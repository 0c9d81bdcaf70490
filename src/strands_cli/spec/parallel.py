"""parallel: branches side by side, then perhaps one step that brings them together."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from strands_cli.spec.base import Closed, Id
from strands_cli.spec.flow import OnFailure
from strands_cli.spec.roles import RESULT, Group, Results
from strands_cli.spec.steps import Step

SAYS = "branches at the same time"
NAMES = frozenset(("branches", "steps"))
SOFT_NAMES = frozenset(("reduce", "total_branches"))
RESULTS = {
    "steps": Results(("index", *RESULT)),
    "branches": Results(
        ("response", "status", "tokens", "duration", "stop_reason", "steps", "error"), of="branches", word="branch"
    ),
}


class Branch(Group):
    """A chain of steps that runs beside the others."""

    steps_key: ClassVar[str] = "steps"

    id: Id = Field(description="Its name, which nothing else of its kind has.")
    steps: list[Step] = Field(min_length=1, description="What the branch does, one step after the other.")
    on_failure: OnFailure = "fail"


class ParallelConfig(Closed):
    """Branches that run at once; `reduce` sees all of them."""

    branches: list[Branch] = Field(min_length=2, description="What runs side by side.")
    reduce: Step | None = Field(default=None, description="A step that brings the results of the branches together.")
