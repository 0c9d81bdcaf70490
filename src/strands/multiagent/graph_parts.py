"""What a graph is made of, where it stands, and what it comes to."""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from strands.types.json_dict import JSONSerializableDict

from .base import MultiAgentBase, MultiAgentInput, MultiAgentResult, NodeResult, Status, no_metrics, no_usage

if TYPE_CHECKING:
    from strands.types.event_loop import Metrics, Usage

    from .base import Executor


@dataclass(eq=False)
class GraphNode:
    """A place in a graph.

    Attributes:
        node_id: Its name.
        executor: The agent, graph or swarm that works there.
        dependencies: The nodes with an edge to it.
        execution_status: How far it has come.
        result: What it came to last.
        execution_time: Milliseconds of its last run.
    """

    node_id: str
    executor: Executor
    dependencies: set[GraphNode] = field(default_factory=set)
    execution_status: Status = Status.PENDING
    result: NodeResult | None = None
    execution_time: int = 0

    def __post_init__(self) -> None:
        agent: Any = self.executor
        self._first_messages = list(getattr(agent, "messages", []))
        self._first_state: dict[str, Any] | None = None
        state = getattr(agent, "state", None)
        if isinstance(state, JSONSerializableDict):
            self._first_state = state.get()

    def reset_executor_state(self) -> None:
        """Put the executor back to where it was when the node was made."""
        agent: Any = self.executor
        if isinstance(agent, MultiAgentBase):
            agent.reset()
        elif self._first_state is not None:
            from strands.agent.state import AgentState

            agent.state = AgentState(copy.deepcopy(self._first_state))
            begin_again(agent, self._first_messages)
        self.execution_status = Status.PENDING
        self.result = None


class EdgeConditionWithContext(Protocol):
    """A condition that wants to know what the caller of the graph passed along."""

    def __call__(self, state: GraphState, *, invocation_state: dict[str, Any]) -> bool:
        """Return whether the edge is taken now."""
        ...


LegacyEdgeCondition = Callable[["GraphState"], bool]
EdgeCondition = LegacyEdgeCondition | EdgeConditionWithContext
"""What decides whether an edge is taken: a function of the graph's state, with or without `invocation_state`."""


def begin_again(agent: Any, messages: Sequence[Any]) -> None:
    """Give an agent the history that it began with; one that is not ours may not know how to forget more."""
    if hasattr(agent, "restore"):
        agent.restore(list(messages))
    elif hasattr(agent, "messages"):
        agent.messages = list(messages)


@dataclass
class GraphEdge:
    """A way from one node to another, taken when its condition holds.

    Attributes:
        from_node: Where it begins.
        to_node: Where it ends.
        condition: Takes the graph's state, and `invocation_state` as a keyword if it wants; None always holds.
    """

    from_node: GraphNode
    to_node: GraphNode
    condition: EdgeCondition | None = None

    def __hash__(self) -> int:
        return hash((self.from_node, self.to_node))

    def should_traverse(self, state: GraphState, *, invocation_state: dict[str, Any]) -> bool:
        """Return whether the edge is taken now."""
        if self.condition is None:
            return True
        condition = cast("Callable[..., bool]", self.condition)
        if _takes_invocation_state(condition):
            return bool(condition(state, invocation_state=invocation_state))
        return bool(condition(state))


def _takes_invocation_state(condition: Callable[..., bool]) -> bool:
    try:
        return "invocation_state" in inspect.signature(condition).parameters
    except (TypeError, ValueError):  # a built-in without a signature
        return False


@dataclass
class GraphState:
    """Where a graph stands.

    Attributes:
        task: What it works on.
        status: How far it has come.
        completed_nodes: Nodes that are done.
        failed_nodes: Nodes that ended in an error.
        interrupted_nodes: Nodes that wait for an answer.
        execution_order: Nodes in the order they finished.
        start_time: Unix time in seconds.
        results: Node id to its last result.
        execution_time: Milliseconds.
    """

    task: MultiAgentInput = ""
    status: Status = Status.PENDING
    completed_nodes: set[GraphNode] = field(default_factory=set)
    failed_nodes: set[GraphNode] = field(default_factory=set)
    interrupted_nodes: set[GraphNode] = field(default_factory=set)
    execution_order: list[GraphNode] = field(default_factory=list)
    start_time: float = field(default_factory=time.time)
    results: dict[str, NodeResult] = field(default_factory=dict)
    accumulated_usage: Usage = field(default_factory=no_usage)
    accumulated_metrics: Metrics = field(default_factory=no_metrics)
    execution_count: int = 0
    execution_time: int = 0
    total_nodes: int = 0
    edges: list[tuple[GraphNode, GraphNode]] = field(default_factory=list)
    entry_points: list[GraphNode] = field(default_factory=list)

    def should_continue(self, max_node_executions: int | None, execution_timeout: float | None) -> tuple[bool, str]:
        """Return whether another node may run, and why not."""
        if max_node_executions is not None and len(self.execution_order) >= max_node_executions:
            return False, f"Max node executions reached: {max_node_executions}"
        elapsed = self.execution_time / 1000 + time.time() - self.start_time
        if execution_timeout is not None and elapsed > execution_timeout:
            return False, f"Execution timed out: {execution_timeout}s"
        return True, "Continuing"


@dataclass
class GraphResult(MultiAgentResult):
    """What a graph came to.

    Attributes:
        total_nodes: Nodes of the graph.
        completed_nodes: How many are done.
        failed_nodes: How many ended in an error.
        interrupted_nodes: How many wait for an answer.
        execution_order: Nodes in the order they finished.
        edges: All edges.
        entry_points: Where it began.
    """

    total_nodes: int = 0
    completed_nodes: int = 0
    failed_nodes: int = 0
    interrupted_nodes: int = 0
    execution_order: list[GraphNode] = field(default_factory=list)
    edges: list[tuple[GraphNode, GraphNode]] = field(default_factory=list)
    entry_points: list[GraphNode] = field(default_factory=list)
