"""A graph: nodes that run agents, and edges that say who follows whom."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of

from . import graph_state
from .base import MultiAgentInput, NodeResult, Status, add_usage
from .graph_parts import EdgeCondition, EdgeConditionWithContext, GraphEdge, GraphNode, GraphResult, GraphState
from .node import NodeCall, NodeCancelled, Sink
from .orchestration import Orchestration
from .prompts import node_input
from .waiting import answers, wait

if TYPE_CHECKING:
    from strands.hooks import HookCallback, HookProvider
    from strands.interrupt import Interrupt
    from strands.plugins import MultiAgentPlugin
    from strands.session import SessionManager
    from strands.types.traces import AttributeValue

logger: logging.Logger = logging.getLogger(__name__)

__all__ = [
    "EdgeCondition",
    "EdgeConditionWithContext",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "GraphResult",
    "GraphState",
]


class Graph(Orchestration[GraphResult]):
    """Runs nodes along edges; nodes that are ready at the same time run at the same time.

    A node is ready when one of its incoming edges leads from a node that has just finished and its condition holds.
    Made by `GraphBuilder`.

    Args:
        nodes: Node id to node.
        edges: The edges.
        entry_points: Where it begins.
        max_node_executions: At most so many runs of nodes; None for no limit.
        execution_timeout: Seconds for the whole graph, looked at between nodes; None for no limit.
        node_timeout: Seconds for one node; None for no limit.
        reset_on_revisit: Whether a node that runs again begins afresh.
        session_manager: Keeps where the graph stands, so that another process can go on.
        hooks: Told of the graph's events; `BeforeNodeCallEvent` may ask a person.
        id: Tells the graph from others in a session.
        trace_attributes: Attributes for spans.
        plugins: Hooks that belong together, told of the graph once it is made.
    """

    state: GraphState

    def __init__(
        self,
        nodes: dict[str, GraphNode],
        edges: set[GraphEdge],
        entry_points: set[GraphNode],
        max_node_executions: int | None = None,
        execution_timeout: float | None = None,
        node_timeout: float | None = None,
        reset_on_revisit: bool = False,
        session_manager: SessionManager | None = None,
        hooks: Sequence[HookProvider | HookCallback] | None = None,
        id: str = "default_graph",
        trace_attributes: Mapping[str, AttributeValue] | None = None,
        plugins: Sequence[MultiAgentPlugin] | None = None,
    ) -> None:
        super().__init__(id, session_manager, trace_attributes)
        self.nodes = nodes
        self.edges = edges
        self.entry_points = entry_points
        self.max_node_executions = max_node_executions
        self.execution_timeout = execution_timeout
        self.node_timeout = node_timeout
        self.reset_on_revisit = reset_on_revisit
        self.state = GraphState()
        self.upcoming: list[GraphNode] = []  # what runs next, if this call ends here
        self.batch: list[GraphNode] = []  # what ran last; its finished nodes decide who follows
        self.denied: set[GraphNode] = set()  # what a hook kept from running; nothing new begins after that
        self._made(hooks, plugins)

    def _forget(self) -> None:
        super()._forget()
        self.state = GraphState()
        self.upcoming, self.batch, self.denied = [], [], set()

    def serialize_state(self) -> dict[str, Any]:
        """Return where it stands as JSON-able data."""
        return graph_state.to_dict(self)

    def deserialize_state(self, payload: dict[str, Any]) -> None:
        """Go on from what `serialize_state` returned; one that had ended begins anew.

        Raises:
            KeyError: It names a node that the graph does not have.
        """
        graph_state.restore(self, payload)

    @property
    def _nodes(self) -> Mapping[str, GraphNode]:
        return self.nodes

    @property
    def _upcoming(self) -> list[str]:
        return [node.node_id for node in self.upcoming]

    @property
    def _is_unfinished(self) -> bool:
        return bool(self.upcoming or self.batch)

    @property
    def _finished(self) -> list[GraphNode]:
        return self.state.execution_order

    @property
    def _status(self) -> Status:
        return self.state.status

    @_status.setter
    def _status(self, status: Status) -> None:
        self.state.status = status

    def _begin(self, task: MultiAgentInput) -> None:
        edges = [(edge.from_node, edge.to_node) for edge in self.edges]
        entries = [node for node in self.nodes.values() if node in self.entry_points]
        self.state = GraphState(task=task, total_nodes=len(self.nodes), edges=edges, entry_points=entries)
        self.upcoming, self.batch, self.denied = entries, [], set()

    async def _advance(self, given: dict[str, Any], sink: Sink | None) -> None:
        try:
            await self._follow(given, sink)
        except Exception:
            self.state.status = Status.FAILED
            raise

    async def _follow(self, given: dict[str, Any], sink: Sink | None) -> None:
        while self.upcoming or self.batch:
            if self.upcoming and not await self._run_upcoming(given, sink):
                return
            self.interrupts.deactivate()
            self._move_on(given, sink)
        stopped = [node for node in self.nodes.values() if node.node_id in self.cut_off]
        self.upcoming = stopped  # agents that were told to stop; their siblings have gone on without them
        self.state.status = Status.FAILED if self.state.failed_nodes else Status.COMPLETED

    async def _run_upcoming(self, given: dict[str, Any], sink: Sink | None) -> bool:
        """Run the nodes that are ready; return whether all came to their end."""
        proceed, why = self.state.should_continue(self.max_node_executions, self.execution_timeout)
        if not proceed:
            self.state.status = Status.FAILED
            logger.warning("%s ends before %s: %s. Called again, it goes on there", self._named, self._upcoming, why)
            if sink is not None:
                sink({"type": "multiagent_stop", "message": why})
            return False
        ready = self.upcoming
        self.batch = [*(node for node in self.batch if node not in ready), *ready]
        await self._run_batch(ready, given, sink)
        if self.state.interrupted_nodes:
            self.state.status = Status.INTERRUPTED
            return False
        if self.upcoming:  # nested ones that a limit ended
            self.state.status = Status.FAILED
            return False
        return True

    def _move_on(self, given: dict[str, Any], sink: Sink | None) -> None:
        before = [node for node in self.batch if node not in self.state.failed_nodes]
        following = [] if self.denied else self._followers(before, given)
        self.batch, self.upcoming = [], following
        if sink is not None and following:
            sink(_handoff(before, following))

    async def _run_batch(self, ready: list[GraphNode], given: dict[str, Any], sink: Sink | None) -> None:
        """Run nodes at the same time; let each come to rest, then raise what the first one raised."""
        import asyncio

        outcomes = await asyncio.gather(*(self._run_node(node, given, sink) for node in ready), return_exceptions=True)
        self._sort_questions()
        if self.denied and not self.upcoming:
            self._end()
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def _end(self) -> None:
        self.batch = []
        self.interrupts.deactivate()

    async def _run_node(self, node: GraphNode, given: dict[str, Any], sink: Sink | None) -> None:
        call = NodeCall(self, node.node_id, node.executor, given, sink, self.node_timeout)
        asked = node in self.state.interrupted_nodes
        given_answers = answers(self.interrupts, node.node_id)
        if asked and not given_answers:
            return
        from_hook = self.interrupts.context.get(node.node_id, {}).get("from_hook", True)
        is_cut_off = node.node_id in self.cut_off
        if not asked and self.reset_on_revisit and node in self.state.completed_nodes and not is_cut_off:
            node.reset_executor_state()
        node.execution_status = Status.EXECUTING
        if not asked or from_hook:
            interrupts, cancelled = await call.ask_hooks()
            if interrupts:
                self._wait(node, interrupts, None)
                return
            if cancelled is not None:
                await self._fail(node, call, NodeCancelled(cancelled))
        try:
            result = await call.run(self._input(node, given), [] if from_hook else given_answers)
        except Exception as error:
            await self._fail(node, call, error)
        if result.status is Status.INTERRUPTED:
            self.state.results[node.node_id] = node.result = result
            self._wait(node, result.interrupts, list(getattr(result.result, "interrupts", None) or ()))
            return
        self._finish(node, result)
        await call.tell_hooks()

    async def _fail(self, node: GraphNode, call: NodeCall, error: Exception) -> Any:
        result = call.failed(error)
        if isinstance(error, NodeCancelled) and not getattr(node.executor, "is_under_way", False):
            self._deny(node.node_id, str(error), result)
        else:
            self._failed(node, result)
        await call.tell_hooks()
        raise error

    def _deny(self, node_id: str, text: str, result: NodeResult | None = None) -> None:
        node = self.nodes[node_id]
        self.denied.add(node)
        self.cut_off.pop(node_id, None)
        self._failed(node, result or NodeResult(NodeCancelled(text), status=Status.FAILED))
        self._leave(node)
        self.state.status = Status.FAILED
        if not self.upcoming:
            self.batch = []

    def _failed(self, node: GraphNode, result: NodeResult) -> None:
        node.execution_status = Status.FAILED
        self.state.results[node.node_id] = node.result = result
        self.state.failed_nodes.add(node)
        self.state.interrupted_nodes.discard(node)

    def _finish(self, node: GraphNode, result: NodeResult) -> None:
        state = self.state
        node.execution_time = result.execution_time
        if result.status is Status.FAILED:  # it came to an end, but to none that others could build on
            self._failed(node, result)
            state.completed_nodes.discard(node)
            if getattr(node.executor, "is_under_way", False):  # a limit ended it: it goes on when it is called again
                return
        else:
            node.execution_status, node.result = result.status, result
            state.results[node.node_id] = result
            state.interrupted_nodes.discard(node)
            state.failed_nodes.discard(node)
            state.completed_nodes.add(node)
        state.execution_order.append(node)
        state.execution_count += result.execution_count
        add_usage(state.accumulated_usage, result.accumulated_usage)
        add_usage(state.accumulated_metrics, result.accumulated_metrics)
        self._leave(node)

    def _leave(self, node: GraphNode) -> None:
        """The node does not run again, unless an edge leads to it once more."""
        self.interrupts.context.pop(node.node_id, None)
        self.upcoming = [each for each in self.upcoming if each is not node]

    def _wait(self, node: GraphNode, interrupts: list[Interrupt], inside: list[Interrupt] | None) -> None:
        node.execution_status = Status.INTERRUPTED
        self.state.interrupted_nodes.add(node)
        wait(self.interrupts, node.node_id, interrupts, inside)

    def _sort_questions(self) -> None:
        """List the questions in the order of their nodes, not in that in which they arrived."""
        state = self.interrupts
        kept = [state.context[name]["interrupt_ids"] for name in self.nodes if name in state.context]
        ids = [id for each in kept for id in each if id in state.interrupts]
        state.interrupts = {**{id: state.interrupts[id] for id in ids}, **state.interrupts}

    def _followers(self, finished: list[GraphNode], given: dict[str, Any]) -> list[GraphNode]:
        taken = {
            edge.to_node
            for edge in self.edges
            if edge.from_node in finished and edge.should_traverse(self.state, invocation_state=given)
        }
        return [node for node in self.nodes.values() if node in taken]

    def _input(self, node: GraphNode, given: dict[str, Any]) -> Any:
        sources = {
            edge.from_node.node_id
            for edge in self.edges
            if edge.to_node is node
            and edge.from_node in self.state.completed_nodes
            and edge.should_traverse(self.state, invocation_state=given)
        }
        results = {name: result for name, result in self.state.results.items() if name in sources}
        return node_input(self.state.task, results)

    def _result(self) -> GraphResult:
        state = self.state
        return GraphResult(
            status=state.status,
            results=dict(state.results),
            accumulated_usage=state.accumulated_usage,
            accumulated_metrics=state.accumulated_metrics,
            execution_count=state.execution_count,
            execution_time=state.execution_time,
            interrupts=self.interrupts.pending if self.interrupts.activated else [],
            total_nodes=len(self.nodes),
            completed_nodes=len(state.completed_nodes),
            failed_nodes=len(state.failed_nodes),
            interrupted_nodes=len(state.interrupted_nodes),
            execution_order=list(state.execution_order),
            edges=list(state.edges),
            entry_points=list(state.entry_points),
        )


def _handoff(finished: list[GraphNode], following: list[GraphNode]) -> dict[str, Any]:
    return {
        "type": "multiagent_handoff",
        "from_node_ids": [node.node_id for node in finished],
        "to_node_ids": [node.node_id for node in following],
    }


def __getattr__(name: str) -> Any:
    if name == "GraphBuilder":
        from .builder import GraphBuilder

        return GraphBuilder
    return names_of(__name__)(name)
