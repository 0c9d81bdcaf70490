"""graph: nodes, and edges that may depend on what was answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

from strands_cli.spec.base import Closed, Id, Names
from strands_cli.spec.flow import Condition
from strands_cli.spec.roles import RESULT, Results
from strands_cli.spec.steps import Step

if TYPE_CHECKING:
    from strands_cli.loader.finding import Finding

SAYS = "from node to node, as the conditions on the edges say"
NAMES = frozenset(("nodes",))
SOFT_NAMES = frozenset(("total_steps", "terminal_node", "execution_path", "current_node", "iteration"))
RESULTS = {"nodes": Results(("iteration", "step", *RESULT), of="nodes", word="node", by_agent=True)}


class Choice(Closed):
    """A target and the condition under which it is taken."""

    when: Condition = Field(description="An expression, or else.")
    to: str = Field(description="A node, or end.")


class GraphEdge(Closed):
    """Where to go from a node: to one target, or to the first whose condition holds."""

    from_: str = Field(alias="from", description="Id of the node that it leaves.")
    to: Names | None = Field(default=None, description="A node, or end; a list may hold one.")
    choose: list[Choice] | None = Field(
        default=None, min_length=1, description="When no condition holds, the graph ends there."
    )


class GraphConfig(Closed):
    """Nodes and edges; starts at the first node."""

    nodes: dict[Id, Step] = Field(min_length=1, description="The nodes, by their ids; the run starts with the first.")
    edges: list[GraphEdge] = Field(default_factory=list, description="Where each node leads.")
    max_iterations: int = Field(default=10, ge=1, le=10_000, description="Visits of one node.")


def check(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the edges of a graph."""
    from strands_cli.loader.check_graph import check_graph

    return check_graph(data)


def unsupported(config: GraphConfig) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield the edges by which a graph would go to several nodes at once."""
    advice = "use the pattern 'parallel' or 'workflow' for steps that run side by side, or 'choose' for one of several"
    edges = ("pattern", "config", "edges")
    for index, edge in enumerate(config.edges):
        if edge.to and len(edge.to) > 1:
            cause = f"the edge from {edge.from_!r} has {len(edge.to)} targets; a graph goes to one"
            yield (*edges, index, "to"), cause, advice
    sources = Counter(edge.from_ for edge in config.edges)
    for index, edge in enumerate(config.edges):
        if sources.pop(edge.from_, 0) > 1:
            yield (*edges, index, "from"), f"several edges leave {edge.from_!r}; a graph goes to one target", advice
