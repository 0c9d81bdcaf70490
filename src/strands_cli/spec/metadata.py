"""metadata: names and labels for whoever files specs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from strands_cli.spec.base import Closed


class Metadata(Closed):
    """Names and labels for whoever files specs; nothing depends on them."""

    name: str | None = Field(default=None, description="A name for people.")
    description: str | None = Field(default=None, description="What it is for.")
    labels: dict[str, Any] = Field(default_factory=dict, description="Names and values of its author's own.")
