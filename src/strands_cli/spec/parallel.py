"""parallel: branches side by side, then perhaps one step that brings them together."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed, Id
from strands_cli.spec.steps import Step


class Branch(Closed):
    """A chain of steps that runs beside the others."""

    id: Id
    steps: list[Step] = Field(min_length=1)


class ParallelConfig(Closed):
    """Branches that run at once; `reduce` sees all of them."""

    branches: list[Branch] = Field(min_length=2)
    reduce: Step | None = None
