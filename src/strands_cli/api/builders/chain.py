"""The builder of chains."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.acts import StepActs
from strands_cli.api.builders.base import Part, agent_step, hitl_step
from strands_cli.api.builders.config import ConfigBuilder


class ChainBuilder(StepActs, ConfigBuilder):
    """Steps one after another."""

    pattern_type = "chain"

    def add_step(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Add a step of an agent.

        Args:
            agent: Id of an agent that was added.
            input: Template of what it is told; without one its own prompt.
            settings: vars, tool_overrides, timeout_s (seconds), description.

        Raises:
            SchemaValidationError: There is no such agent, a key is unknown, a template malformed.
        """
        return self._add("steps", agent_step(agent, input, settings))

    def add_hitl(self, prompt: str, **settings: Any) -> Self:
        """Add a step that asks a person.

        Args:
            prompt: Template of the question.
            settings: context_display (or show), default, timeout_seconds, choices, schema, validation.
        """
        return self._add("steps", hitl_step(prompt, settings))

    def _step(self, part: Part) -> Self:
        return self._add("steps", part)

    step = add_step
    hitl = add_hitl
