"""prices: what a model costs."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed


class Price(Closed):
    """What a model costs: US dollars for a million tokens."""

    input: float = Field(ge=0, allow_inf_nan=False, description="Tokens read.")
    output: float = Field(ge=0, allow_inf_nan=False, description="Tokens written.")
    cache_read: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Tokens read from a cache; left out: as input."
    )
    cache_write: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Tokens written to a cache; left out: as input."
    )
