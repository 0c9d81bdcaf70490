"""graph: nodes, and edges that may depend on what was answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from strands_cli.spec.base import Closed, Id, Names
from strands_cli.spec.steps import Step


def _as_text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


class Choice(Closed):
    """A target and the condition under which it is taken."""

    when: Annotated[str, BeforeValidator(_as_text)] = Field(description="An expression, or else.")
    to: str


class GraphEdge(Closed):
    """Where to go from a node: to one target, or to the first whose condition holds."""

    from_: str = Field(alias="from")
    to: Names | None = Field(default=None, description="A node; a list may hold one.")
    choose: list[Choice] | None = Field(
        default=None, min_length=1, description="When no condition holds, the graph ends there."
    )


class GraphConfig(Closed):
    """Nodes and edges; starts at the first node."""

    nodes: dict[Id, Step] = Field(min_length=1)
    edges: list[GraphEdge] = Field(default_factory=list)
    max_iterations: int = Field(default=10, ge=1, le=10_000, description="Visits of one node.")
