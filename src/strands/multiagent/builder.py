"""Building a graph, and what is checked before it can run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strands._core.executor import has_session

from .graph import Graph, GraphEdge, GraphNode

if TYPE_CHECKING:
    from strands.hooks import HookCallback, HookProvider
    from strands.plugins import MultiAgentPlugin
    from strands.session import SessionManager

    from .base import Executor
    from .graph import EdgeCondition

logger: logging.Logger = logging.getLogger(__name__)


class GraphBuilder:
    """Collects nodes and edges; `build` checks them and makes the `Graph`."""

    def __init__(self) -> None:
        self.nodes: dict[str, GraphNode] = {}
        self.edges: set[GraphEdge] = set()
        self.entry_points: set[GraphNode] = set()
        self._options: dict[str, Any] = {}

    def add_node(self, executor: Executor, node_id: str | None = None) -> GraphNode:
        """Add a node and return it.

        Args:
            executor: An agent, a graph or a swarm; each in one node only.
            node_id: Its name; by default the executor's id or name.

        Raises:
            ValueError: The name is taken, the executor has a node already, or is an agent with a session manager.
        """
        name = node_id or getattr(executor, "id", None) or getattr(executor, "name", None) or f"node_{len(self.nodes)}"
        if name in self.nodes:
            raise ValueError(f"Node {name!r} already exists; give each node its own id")
        if any(node.executor is executor for node in self.nodes.values()):
            raise ValueError(f"the executor of node {name!r} has a node already; make an agent for each node")
        if has_session(executor):
            raise ValueError(f"the agent of node {name!r} has a session manager of its own; give it to the graph")
        self.nodes[name] = GraphNode(node_id=name, executor=executor)
        return self.nodes[name]

    def add_edge(
        self, from_node: str | GraphNode, to_node: str | GraphNode, condition: EdgeCondition | None = None
    ) -> GraphEdge:
        """Add an edge and return it.

        Args:
            from_node: Where it begins; a node or its id.
            to_node: Where it ends.
            condition: Takes the graph's state, and `invocation_state` as a keyword if it wants; without one the edge
                is always taken.

        Raises:
            ValueError: There is no such node.
        """
        source, target = self._node(from_node, "Source"), self._node(to_node, "Target")
        edge = GraphEdge(source, target, condition)
        self.edges.add(edge)
        target.dependencies.add(source)
        return edge

    def set_entry_point(self, node_id: str) -> GraphBuilder:
        """Begin at this node (too).

        Raises:
            ValueError: There is no such node.
        """
        self.entry_points.add(self._node(node_id, "Entry point"))
        return self

    def reset_on_revisit(self, enabled: bool = True) -> GraphBuilder:
        """Let a node that runs again begin afresh."""
        return self._set("reset_on_revisit", enabled)

    def set_max_node_executions(self, max_executions: int) -> GraphBuilder:
        """Stop after so many runs of nodes."""
        return self._set("max_node_executions", max_executions)

    def set_execution_timeout(self, timeout: float) -> GraphBuilder:
        """Stop after so many seconds."""
        return self._set("execution_timeout", timeout)

    def set_node_timeout(self, timeout: float) -> GraphBuilder:
        """Let one node run so many seconds at most."""
        return self._set("node_timeout", timeout)

    def set_graph_id(self, graph_id: str) -> GraphBuilder:
        """Tell the graph from others in a session."""
        return self._set("id", graph_id)

    def set_session_manager(self, session_manager: SessionManager) -> GraphBuilder:
        """Keep where the graph stands, so that another process can go on."""
        return self._set("session_manager", session_manager)

    def set_hook_providers(self, hooks: Sequence[HookProvider | HookCallback]) -> GraphBuilder:
        """Tell these of the graph's events."""
        return self._set("hooks", list(hooks))

    def set_plugins(self, plugins: Sequence[MultiAgentPlugin]) -> GraphBuilder:
        """Tell these of the graph once it is made."""
        return self._set("plugins", list(plugins))

    def build(self) -> Graph:
        """Check everything and return the graph.

        Raises:
            ValueError: There is no node, or nowhere to begin.
        """
        if not self.nodes:
            raise ValueError("a graph must have at least one node; add one with add_node()")
        entry_points = self.entry_points or {node for node in self.nodes.values() if not node.dependencies}
        if not entry_points:
            raise ValueError("no entry points: every node has an edge to it; name one with set_entry_point()")
        lost = [node.node_id for node in entry_points if self.nodes.get(node.node_id) is not node]
        if lost:
            raise ValueError(f"entry points {sorted(lost)} are not nodes of the graph; add them with add_node()")
        if self._has_cycle() and not {"max_node_executions", "execution_timeout"} & self._options.keys():
            logger.warning("the graph has a cycle and no limit; set_max_node_executions() or set_execution_timeout()")
        return Graph(nodes=dict(self.nodes), edges=set(self.edges), entry_points=entry_points, **self._options)

    def _set(self, name: str, value: Any) -> GraphBuilder:
        self._options[name] = value
        return self

    def _node(self, node: str | GraphNode, role: str) -> GraphNode:
        name = node.node_id if isinstance(node, GraphNode) else node
        found = self.nodes.get(name)
        if found is None or (isinstance(node, GraphNode) and found is not node):
            raise ValueError(f"{role} node {name!r} not found; the graph has {sorted(self.nodes)}")
        return found

    def _has_cycle(self) -> bool:
        left = {node: set(node.dependencies) for node in self.nodes.values()}
        while free := [node for node, needs in left.items() if not needs & left.keys()]:
            for node in free:
                del left[node]
        return bool(left)
