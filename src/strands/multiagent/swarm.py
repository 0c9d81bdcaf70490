"""A swarm: agents that hand a task to each other until one of them answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands._core.executor import has_session
from strands._elsewhere import names_of

from . import swarm_state
from .base import MultiAgentInput, NodeResult, Status, add_usage
from .node import NodeCall, NodeCancelled, Sink
from .orchestration import Orchestration
from .prompts import notes_without, swarm_input, task_without
from .swarm_parts import SharedContext, SwarmNode, SwarmResult, SwarmState
from .waiting import answers, wait

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack
    from strands.agent.agent import Agent
    from strands.hooks import HookCallback, HookProvider
    from strands.interrupt import Interrupt
    from strands.plugins import MultiAgentPlugin
    from strands.session import SessionManager
    from strands.types.traces import AttributeValue

__all__ = ["SharedContext", "Swarm", "SwarmNode", "SwarmResult", "SwarmState"]

logger: logging.Logger = logging.getLogger(__name__)

HANDOFF = "handoff_to_agent"


class Swarm(Orchestration[SwarmResult]):
    """Runs one agent after another; each may hand the task on with the tool `handoff_to_agent`.

    Args:
        nodes: The agents; their names tell them apart.
        entry_point: Who begins; the first one by default.
        max_handoffs: At most so many turns.
        max_iterations: At most so many turns.
        execution_timeout: Seconds for the whole swarm, looked at between turns.
        node_timeout: Seconds for one turn.
        repetitive_handoff_detection_window: Looks at so many of the last turns for going in circles; 0 does not.
        repetitive_handoff_min_unique_agents: So many agents must have worked in that window.
        session_manager: Keeps where the swarm stands, so that another process can go on.
        hooks: Told of the swarm's events; `BeforeNodeCallEvent` may ask a person.
        id: Tells the swarm from others in a session.
        trace_attributes: Attributes for spans.
        plugins: Hooks that belong together, told of the swarm once it is made.

    Raises:
        ValueError: Two agents share a name, one has a session manager, or a tool of the hand-off's name.
    """

    state: SwarmState

    def __init__(
        self,
        nodes: Sequence[Agent],
        *,
        entry_point: Agent | None = None,
        max_handoffs: int = 20,
        max_iterations: int = 20,
        execution_timeout: float = 900.0,
        node_timeout: float = 300.0,
        repetitive_handoff_detection_window: int = 0,
        repetitive_handoff_min_unique_agents: int = 0,
        session_manager: SessionManager | None = None,
        hooks: Sequence[HookProvider | HookCallback] | None = None,
        id: str = "default_swarm",
        trace_attributes: Mapping[str, AttributeValue] | None = None,
        plugins: Sequence[MultiAgentPlugin] | None = None,
    ) -> None:
        super().__init__(id, session_manager, trace_attributes)
        self.nodes: dict[str, SwarmNode] = _named(nodes, self)
        self.entry_point = entry_point
        self.node_timeout = node_timeout
        self.max_handoffs = max_handoffs
        self.max_iterations = max_iterations
        self.execution_timeout = execution_timeout
        self.repetitive_handoff_detection_window = repetitive_handoff_detection_window
        self.repetitive_handoff_min_unique_agents = repetitive_handoff_min_unique_agents
        self._first = self._entry(entry_point)
        self.state = SwarmState(self._first, "")
        self._give_handoff_tool()
        self._made(hooks, plugins)

    @property
    def shared_context(self) -> SharedContext:
        """What the agents noted for each other."""
        return self.state.shared_context

    def _forget(self) -> None:
        super()._forget()
        self.state = SwarmState(self._first, "")

    def serialize_state(self) -> dict[str, Any]:
        """Return where it stands as JSON-able data."""
        return swarm_state.to_dict(self)

    def deserialize_state(self, payload: dict[str, Any]) -> None:
        """Go on from what `serialize_state` returned; one that had ended begins anew.

        Raises:
            KeyError: It names an agent that the swarm does not have.
        """
        swarm_state.restore(self, payload)

    @property
    def _nodes(self) -> Mapping[str, SwarmNode]:
        return self.nodes

    @property
    def _upcoming(self) -> list[str]:
        return [str(self.state.current_node)] if self.state.current_node is not None else []

    @property
    def _is_unfinished(self) -> bool:
        status = self.state.completion_status
        if self.state.current_node is None:
            return status is Status.EXECUTING  # the last agent has answered, and that was not told yet
        return status not in (Status.PENDING, Status.COMPLETED)

    @property
    def _finished(self) -> list[SwarmNode]:
        return self.state.node_history

    @property
    def _status(self) -> Status:
        return self.state.completion_status

    @_status.setter
    def _status(self, status: Status) -> None:
        self.state.completion_status = status

    def _begin(self, task: MultiAgentInput) -> None:
        self.state = SwarmState(self._first, task)

    async def _advance(self, given: dict[str, Any], sink: Sink | None) -> None:
        state = self.state
        while state.current_node is not None:
            proceed, why = state.should_continue(
                max_handoffs=self.max_handoffs,
                max_iterations=self.max_iterations,
                execution_timeout=self.execution_timeout,
                repetitive_handoff_detection_window=self.repetitive_handoff_detection_window,
                repetitive_handoff_min_unique_agents=self.repetitive_handoff_min_unique_agents,
            )
            if not proceed:
                state.completion_status = Status.FAILED
                logger.warning(
                    "%s ends before %s: %s. Called again, it goes on there", self._named, self._upcoming, why
                )
                if sink is not None:
                    sink({"type": "multiagent_stop", "message": why})
                return
            call = NodeCall(
                self, state.current_node.node_id, state.current_node.executor, given, sink, self.node_timeout
            )
            status = await self._turn(state.current_node, call)
            if status is not Status.COMPLETED:
                state.completion_status = status
                return
            if sink is not None and state.handoff_node is not None:
                sink(_handoff(call.node_id, state))
            state.current_node, state.handoff_node = state.handoff_node, None
            await call.tell_hooks()
        state.completion_status = Status.COMPLETED

    async def _turn(self, node: SwarmNode, call: NodeCall) -> Status:
        kept = self.interrupts.context.get(node.node_id) if self.interrupts.activated else None
        given_answers = answers(self.interrupts, node.node_id) if kept is not None else []
        if kept is not None and kept["interrupt_ids"] and not given_answers:
            return Status.INTERRUPTED
        from_hook = kept is None or kept["from_hook"]
        if from_hook:
            interrupts, cancelled = await call.ask_hooks()
            if interrupts:
                return self._wait(node, interrupts, None)
            if cancelled is not None:
                self._deny(node.node_id, cancelled)
                await call.tell_hooks()
                return Status.FAILED
            if node.node_id not in self.cut_off:
                node.reset_executor_state()
                self.state.handoff_node = None
        try:
            result = await call.run(self._input(node), [] if from_hook else given_answers)
        except Exception as error:
            return await self._fail(call, error)
        self.state.results[node.node_id] = result
        if result.status is Status.INTERRUPTED:
            return self._wait(node, result.interrupts, list(getattr(result.result, "interrupts", None) or ()))
        if result.status is Status.FAILED:
            await call.tell_hooks()
            return Status.FAILED
        self._finish(node, result)
        return Status.COMPLETED

    def take_back(self, taken: TakenBack) -> None:
        state = self.state
        state.handoff_message = task_without(state.handoff_message, taken)
        state.shared_context.context = notes_without(state.shared_context.context, taken)
        super().take_back(taken)

    def _deny(self, node_id: str, text: str) -> None:
        self.cut_off.pop(node_id, None)
        self.state.results[node_id] = NodeResult(NodeCancelled(text), status=Status.FAILED)
        self.state.completion_status, self.state.current_node = Status.FAILED, None
        self.interrupts.deactivate()

    async def _fail(self, call: NodeCall, error: Exception) -> Status:
        self.state.results[call.node_id] = call.failed(error)
        await call.tell_hooks()
        return Status.FAILED

    def _finish(self, node: SwarmNode, result: NodeResult) -> None:
        state = self.state
        state.node_history.append(node)
        state.handoff_message = state.handoff_message if state.handoff_node is not None else None
        add_usage(state.accumulated_usage, result.accumulated_usage)
        add_usage(state.accumulated_metrics, result.accumulated_metrics)
        self.interrupts.deactivate()

    def _wait(self, node: SwarmNode, interrupts: list[Interrupt], inside: list[Interrupt] | None) -> Status:
        wait(self.interrupts, node.node_id, interrupts, inside)
        return Status.INTERRUPTED

    def _input(self, node: SwarmNode) -> Any:
        state = self.state
        return swarm_input(
            state.task,
            handoff=state.handoff_message,
            before=[each.node_id for each in state.node_history],
            shared=state.shared_context.context,
            others={
                name: getattr(each.executor, "description", None)
                for name, each in self.nodes.items()
                if each is not node
            },
        )

    def _result(self) -> SwarmResult:
        state = self.state
        return SwarmResult(
            status=state.completion_status,
            results=dict(state.results),
            accumulated_usage=state.accumulated_usage,
            accumulated_metrics=state.accumulated_metrics,
            execution_count=len(state.node_history),
            execution_time=state.execution_time,
            interrupts=self.interrupts.pending if self.interrupts.activated else [],
            node_history=list(state.node_history),
        )

    def _entry(self, agent: Agent | None) -> SwarmNode:
        found = [node for node in self.nodes.values() if agent is None or node.executor is agent]
        if not found:
            raise ValueError(f"the entry point {getattr(agent, 'name', agent)!r} is not one of the swarm's agents")
        return found[0]

    def _give_handoff_tool(self) -> None:
        from strands.tools.decorator import tool

        @tool(name=HANDOFF, read_only=True)
        def handoff_to_agent(agent_name: str, message: str, context: dict[str, Any] | None = None) -> dict[str, Any]:
            """Let another agent of the swarm go on with the task.

            Args:
                agent_name: The agent that goes on.
                message: What it has to do, and why you hand over.
                context: Anything it needs to know.
            """
            return self._hand_off(agent_name, message, context)

        for node in self.nodes.values():
            if HANDOFF in node.executor.tool_registry.registry:
                raise ValueError(f"agent {node.node_id!r} has a tool {HANDOFF!r}, a name that the swarm needs")
            node.executor.tool_registry.register_tool(handoff_to_agent)

    def _hand_off(self, agent_name: str, message: str, context: Mapping[str, Any] | None) -> dict[str, Any]:
        target, current = self.nodes.get(agent_name), self.state.current_node
        if target is None or current is None:
            text = f"There is no agent {agent_name!r}; there are {sorted(self.nodes)}."
            return {"status": "error", "content": [{"text": text}]}
        for key, value in (context or {}).items():
            self.state.shared_context.add_context(current, key, value)
        self.state.handoff_node, self.state.handoff_message = target, message
        text = f"{agent_name} goes on when you are done. Say briefly what you did."
        return {"status": "success", "content": [{"text": text}]}


def _named(agents: Sequence[Agent], swarm: Swarm) -> dict[str, SwarmNode]:
    nodes: dict[str, SwarmNode] = {}
    for number, agent in enumerate(agents):
        name = agent.name or f"node_{number}"
        if name in nodes:
            raise ValueError(f"two agents are called {name!r}; give each agent of a swarm a name of its own")
        if has_session(agent):
            raise ValueError(f"agent {name!r} has a session manager of its own; give it to the swarm")
        nodes[name] = SwarmNode(name, agent, swarm)
    if not nodes:
        raise ValueError("a swarm needs at least one agent")
    return nodes


def _handoff(node_id: str, state: SwarmState) -> dict[str, Any]:
    return {
        "type": "multiagent_handoff",
        "from_node_ids": [node_id],
        "to_node_ids": [str(state.handoff_node)],
        "message": state.handoff_message,
    }


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
