"""memory: what runs keep for later ones."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from strands_cli.spec.base import Closed
from strands_cli.spec.roles import Template


class Memory(Closed):
    """Data under names that runs read, and that steps of them write for later runs."""

    description: str | None = Field(default=None, description="What it is for.")
    key: Template | None = Field(
        default=None, description='Template, over the inputs, of whose it is, as "{{ customer }}"; left out: of all.'
    )
    shared: bool = Field(
        default=False, description="Whether all workflows of the store have it; else those of this workflow's name."
    )
    defaults: dict[str, Any] = Field(default_factory=dict, description="What is there before anything was written.")
