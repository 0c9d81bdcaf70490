"""routing: an agent chooses which chain of steps runs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from strands_cli.spec.base import Closed, Id
from strands_cli.spec.roles import RESULT, Group, Results
from strands_cli.spec.steps import AgentCall, Review, Step

SAYS = "a router chooses one of several routes"
NAMES = frozenset(("steps",))
SOFT_NAMES = frozenset(("router", "chosen_route", "router_agent", "total_steps"))
RESULTS = {
    "steps": Results(("index", *RESULT)),
    "router": Results(("chosen_route", *RESULT), single=True),
}


class Router(AgentCall):
    """The agent that chooses; it answers `{"route": "name"}`."""

    max_retries: int = Field(default=2, ge=0, le=20, description="How often a malformed choice is asked again.")
    review_router: Review | None = Field(default=None, description="A person confirms or changes the choice.")


class Route(Group):
    """One of the chains to choose from."""

    steps_key: ClassVar[str] = "then"

    then: list[Step] = Field(min_length=1, description="What is done on this route, one step after the other.")


class RoutingConfig(Closed):
    """A router and the routes it chooses from."""

    router: Router = Field(description="The agent that chooses the route.")
    routes: dict[Id, Route] = Field(min_length=1, description="The routes, by their names.")
