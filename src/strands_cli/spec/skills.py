"""skills: directories of instructions that an agent loads when it needs them."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed, Id


class Skill(Closed):
    """A directory with a SKILL.md."""

    id: Id = Field(description="Its name, which nothing else of its kind has.")
    path: str = Field(description="Its directory.")
    description: str | None = Field(default=None, description="What it is good for; agents choose by it.")
    preload_metadata: bool = Field(
        default=True, description="Whether agents are told its name and description from the start."
    )
