"""What the builders of patterns with groups of steps share."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.acts import StepActs
from strands_cli.api.builders.base import Part, agent_step, hitl_step
from strands_cli.api.builders.config import ConfigBuilder


class GroupsBuilder(StepActs, ConfigBuilder):
    """Chains of steps under a name: branches, or routes."""

    def add_step(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Add a step of an agent to the newest branch or route."""
        return self._add_to_group(agent_step(agent, input, settings))

    def add_hitl(self, prompt: str, **settings: Any) -> Self:
        """Add a step that asks a person to the newest branch or route."""
        return self._add_to_group(hitl_step(prompt, settings))

    def done(self) -> Self:
        """End the branch or route; the next one, or what comes after all of them, ends it too."""
        self._group = ()
        return self

    def _step(self, part: Part) -> Self:
        return self._add_to_group(part)

    step = add_step
    hitl = add_hitl
