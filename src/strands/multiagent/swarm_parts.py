"""What a swarm is made of, where it stands, and what it comes to."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strands.types.json_dict import JSONSerializableDict

from .base import MultiAgentInput, MultiAgentResult, NodeResult, Status, no_metrics, no_usage
from .graph_parts import begin_again

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.types.event_loop import Metrics, Usage

    from .swarm import Swarm


@dataclass(eq=False)
class SwarmNode:
    """An agent's place in a swarm.

    Attributes:
        node_id: Its name; the agent's.
        executor: The agent.
        swarm: The swarm it belongs to.
    """

    node_id: str
    executor: Agent
    swarm: Swarm | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._first_messages = list(getattr(self.executor, "messages", []))
        state = getattr(self.executor, "state", None)
        self._first_state = state.get() if isinstance(state, JSONSerializableDict) else None

    def __str__(self) -> str:
        return self.node_id

    def reset_executor_state(self) -> None:
        """Put the agent back to where it was when the swarm was made."""
        from strands.agent.state import AgentState

        if self._first_state is not None:
            self.executor.state = AgentState(copy.deepcopy(self._first_state))
            begin_again(self.executor, self._first_messages)


@dataclass
class SharedContext:
    """What the agents of a swarm noted for each other, by agent."""

    context: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add_context(self, node: SwarmNode, key: str, value: Any) -> None:
        """Note `value` under `key` for `node`.

        Raises:
            ValueError: The key is not a text, or the value is not JSON.
        """
        import json

        if not isinstance(key, str) or not key.strip():
            raise ValueError(f"key {key!r} must be a non-empty text")
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the value of {key!r} ({type(value).__name__}) is not JSON: {error}") from error
        self.context.setdefault(node.node_id, {})[key] = value


@dataclass
class SwarmState:
    """Where a swarm stands.

    Attributes:
        current_node: Who works, or will.
        task: What it works on.
        completion_status: How far it has come.
        shared_context: What the agents noted for each other.
        node_history: Who worked, in order.
        start_time: Unix time in seconds.
        results: Agent to its last result.
        execution_time: Milliseconds.
        handoff_node: Who was asked to go on.
        handoff_message: What that agent is told.
    """

    current_node: SwarmNode | None
    task: MultiAgentInput
    completion_status: Status = Status.PENDING
    shared_context: SharedContext = field(default_factory=SharedContext)
    node_history: list[SwarmNode] = field(default_factory=list)
    start_time: float = field(default_factory=time.time)
    results: dict[str, NodeResult] = field(default_factory=dict)
    accumulated_usage: Usage = field(default_factory=no_usage)
    accumulated_metrics: Metrics = field(default_factory=no_metrics)
    execution_time: int = 0
    handoff_node: SwarmNode | None = None
    handoff_message: str | None = None

    def should_continue(
        self,
        *,
        max_handoffs: int,
        max_iterations: int,
        execution_timeout: float,
        repetitive_handoff_detection_window: int,
        repetitive_handoff_min_unique_agents: int,
    ) -> tuple[bool, str]:
        """Return whether another agent may run, and why not."""
        ran = len(self.node_history)
        if ran >= max_handoffs:
            return False, f"Max handoffs reached: {max_handoffs}"
        if ran >= max_iterations:
            return False, f"Max iterations reached: {max_iterations}"
        if self.execution_time / 1000 + time.time() - self.start_time > execution_timeout:
            return False, f"Execution timed out: {execution_timeout}s"
        window = repetitive_handoff_detection_window
        if window > 0 and ran >= window:
            unique = len({node.node_id for node in self.node_history[-window:]})
            if unique < repetitive_handoff_min_unique_agents:
                return False, f"Repetitive handoff: {unique} agents in the last {window} turns"
        return True, "Continuing"


@dataclass
class SwarmResult(MultiAgentResult):
    """What a swarm came to.

    Attributes:
        node_history: Who worked, in order.
    """

    node_history: list[SwarmNode] = field(default_factory=list)
