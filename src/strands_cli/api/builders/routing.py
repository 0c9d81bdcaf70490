"""The builder of a router and its routes."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import Part, agent_step, given, hitl_step
from strands_cli.api.builders.groups import GroupsBuilder


class RoutingBuilder(GroupsBuilder):
    """An agent chooses which chain of steps runs."""

    pattern_type = "routing"

    def with_router(
        self, agent: str, input: str | None = None, *, max_retries: int | None = None, **settings: Any
    ) -> Self:
        """Set the agent that chooses.

        Args:
            max_retries: How often a malformed choice is asked again.
            settings: As for a step.
        """
        return self._router({**agent_step(agent, input, settings), **given(max_retries=max_retries)})

    def with_review(self, prompt: str, **settings: Any) -> Self:
        """Have a person confirm the choice, or change it."""
        return self._router({"review_router": hitl_step(prompt, settings)}, "review_router")

    def add_route(self, name: str) -> Self:
        """Begin a route; the steps that follow are its own.

        Raises:
            SchemaValidationError: The name is taken.
        """
        return self._begin("routes", name)

    def _router(self, part: Part, *at: str) -> Self:
        return self._put("router", {**self._config.get("router", {}), **part}, *at)

    router = with_router
    review = with_review
    route = add_route
