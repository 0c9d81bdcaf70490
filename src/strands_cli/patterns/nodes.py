"""The nodes of a graph as templates and conditions see them: visited ones, and those still to come."""

from __future__ import annotations

from typing import Any

from strands_cli.patterns.step import doer, is_agent


class Unvisited(dict[str, Any]):
    """A node that was not visited: false in a condition, with an empty response."""

    def __bool__(self) -> bool:
        return False


class Nodes(dict[str, Any]):
    """The nodes by id. An agent's id, where no node has it, means the newest node of that agent."""

    def __contains__(self, id_: object) -> bool:
        return super().__contains__(id_) or self._of_agent(id_) is not None

    def __missing__(self, id_: str) -> Any:
        found = self._of_agent(id_)
        if found is None:
            raise KeyError(id_)
        return found

    def _of_agent(self, agent: object) -> Any:
        visited = [node for node in self.values() if node["agent"] == agent and node and is_agent(node["agent"])]
        return max(visited, key=lambda node: node["step"], default=None)


def unvisited(node: Any) -> Unvisited:
    """Return what a node is before its first visit."""
    return Unvisited(
        agent=doer(node),
        error="",
        response="",
        tokens=0,
        duration=0.0,
        stop_reason="",
        status="pending",
        timed_out=False,
        iteration=0,
        step=0,
    )
