"""skills: directories of instructions that an agent loads when it needs them."""

from __future__ import annotations

from strands_cli.spec.base import Closed, Id


class Skill(Closed):
    """A directory with a SKILL.md."""

    id: Id
    path: str
    description: str | None = None
    preload_metadata: bool = True
