"""chain: steps, one after the other."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed
from strands_cli.spec.steps import Step


class ChainConfig(Closed):
    """Steps that run one after the other; each sees what the earlier ones answered."""

    steps: list[Step] = Field(min_length=1)
