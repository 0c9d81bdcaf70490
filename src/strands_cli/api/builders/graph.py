"""The builder of graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.acts import NamedActs
from strands_cli.api.builders.base import Part, agent_step, given, hitl_step, wrong
from strands_cli.api.builders.config import ConfigBuilder


class GraphBuilder(NamedActs, ConfigBuilder):
    """Nodes, and edges that may depend on what was answered. It starts at the first node."""

    pattern_type = "graph"

    def add_node(self, id: str, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Add a node of an agent; settings as for a step."""
        return self._add("nodes", agent_step(agent, input, settings), id)

    def add_hitl(self, id: str, prompt: str, **settings: Any) -> Self:
        """Add a node that asks a person."""
        return self._add("nodes", hitl_step(prompt, settings), id)

    def add_edge(
        self,
        source: str,
        to: str | None = None,
        *,
        choose: Sequence[tuple[str, str] | Mapping[str, str]] | None = None,
    ) -> Self:
        """Say where to go from a node: `to` one other, or to the first of `choose` whose condition holds.

        Args:
            choose: Pairs of a condition and a node; the condition "else" always holds.

        Raises:
            SchemaValidationError: There is no such node, it has an edge already, or a condition is malformed.
        """
        if any(edge["from"] == source for edge in self._config.get("edges", ())):
            raise wrong(f"node {source!r} has an edge already", hint="use choose=[(when, to), ...] for one of several")
        edge: Part = {"from": source, **given(to=to)}
        if choose is not None:
            edge["choose"] = [
                dict(each) if isinstance(each, Mapping) else {"when": each[0], "to": each[1]} for each in choose
            ]
        return self._add("edges", edge)

    def with_max_iterations(self, visits: int) -> Self:
        """Set how often one node may be visited."""
        return self._put("max_iterations", visits)

    def conditional_edge(self, source: str, choices: Sequence[tuple[str, str] | Mapping[str, str]]) -> Self:
        """Add an edge to the first of `choices` whose condition holds, as `add_edge(source, choose=choices)`."""
        return self.add_edge(source, choose=choices)

    def _named(self, id: str, part: Part) -> Self:
        return self._add("nodes", part, id)

    node = add_node
    hitl = add_hitl
    edge = add_edge
    max_iterations = with_max_iterations
