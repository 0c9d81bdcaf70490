"""routing: an agent chooses which chain of steps runs."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed, Id
from strands_cli.spec.steps import AgentStep, HitlStep, Step


class Router(AgentStep):
    """The agent that chooses; it answers `{"route": "name"}`."""

    max_retries: int = Field(default=2, ge=0, le=20, description="How often a malformed choice is asked again.")
    review_router: HitlStep | None = Field(default=None, description="A person confirms or changes the choice.")


class Route(Closed):
    """One of the chains to choose from."""

    then: list[Step] = Field(min_length=1)


class RoutingConfig(Closed):
    """A router and the routes it chooses from."""

    router: Router
    routes: dict[Id, Route] = Field(min_length=1)
