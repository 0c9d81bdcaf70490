"""chain: steps, one after the other."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed
from strands_cli.spec.roles import RESULT, Results
from strands_cli.spec.steps import Step

SAYS = "one step after the other"
NAMES = frozenset(("steps",))
SOFT_NAMES = frozenset(("total_steps",))
RESULTS = {"steps": Results(("index", *RESULT), of="steps")}


class ChainConfig(Closed):
    """Steps that run one after the other; each sees what the earlier ones answered."""

    steps: list[Step] = Field(min_length=1, description="What is done, one step after the other.")
