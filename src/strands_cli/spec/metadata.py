"""metadata: names and labels for whoever files specs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from strands_cli.spec.base import Closed


class Metadata(Closed):
    """Names and labels for whoever files specs; nothing depends on them."""

    name: str | None = None
    description: str | None = None
    labels: dict[str, Any] = Field(default_factory=dict)
