"""Running one node: its hooks, its executor, its clock, and what is kept of it while it waits for an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from strands.agent.result import AgentResult
from strands.hooks import AfterNodeCallEvent, BeforeNodeCallEvent
from strands.hooks.registry import refusal
from strands.interrupt import Interrupt
from strands.telemetry.metrics import EventLoopMetrics
from strands.types.exceptions import MaxTokensReachedException

from .base import MultiAgentBase, MultiAgentResult, NodeResult, Status
from .tracking import CANCELLED, CutOff, Follower, end_of, prompt_of, prompt_of_paused, saving_in
from .waiting import asked_by_hooks, told_apart

if TYPE_CHECKING:
    from strands.types.event_loop import Usage

    from .base import Executor
    from .orchestration import Orchestration
Sink = Callable[[dict[str, Any]], None]


class NodeCancelled(RuntimeError):
    """A hook kept a node from running, so the task has ended."""


@dataclass
class NodeCall:
    """One run of a node.

    Attributes:
        source: The graph or swarm.
        node_id: The node.
        executor: The agent, or the nested graph or swarm.
        invocation_state: What the caller passed along.
        sink: Takes events, or None when nobody listens.
        timeout: Seconds, or None.
    """

    source: Orchestration[Any]
    node_id: str
    executor: Executor
    invocation_state: dict[str, Any]
    sink: Sink | None = None
    timeout: float | None = None

    async def ask_hooks(self) -> tuple[list[Interrupt], str | None]:
        """Tell hooks that the node is about to run; return their questions, or why they cancelled it.

        Raises:
            RuntimeError: Hooks asked before, and none of this process takes the answer.
        """
        event = BeforeNodeCallEvent(self.source, self.node_id, self.invocation_state)
        _, raised = await self.source.hooks.invoke_callbacks_async(event)
        interrupts = raised or event.unanswered
        if interrupts:
            self.emit("multiagent_node_interrupt", interrupts=interrupts)
            return interrupts, None
        text = refusal(event.cancel_node, "node cancelled by user")
        if text is not None:
            self.emit("multiagent_node_cancel", message=text)
            return [], text
        untaken = asked_by_hooks(self.source.interrupts, self.node_id) - {each.name for each in event.consulted}
        if untaken:
            names = ", ".join(repr(name) for name in sorted(untaken))
            raise RuntimeError(
                f"node {self.node_id!r} was not run: a hook asked {names}, and no hook of this process takes the "
                "answer. Add the hook that asked and call again with None, or reset()"
            )
        return [], None

    async def tell_hooks(self) -> None:
        """Tell hooks that the node has run."""
        await self.source.hooks.invoke_callbacks_async(
            AfterNodeCallEvent(self.source, self.node_id, self.invocation_state)
        )

    async def run(self, fresh: Any, answers: list[Any]) -> NodeResult:
        """Run the executor; one that was cut off goes on where it was, and what it finished is not done again.

        Args:
            fresh: The prompt to begin with.
            answers: What was answered to the executor's questions, as blocks of a prompt.

        Raises:
            TimeoutError: It took longer than `timeout`.
            Exception: Whatever the executor raised.
        """
        kind = "multiagent" if isinstance(self.executor, MultiAgentBase) else "agent"
        self.emit("multiagent_node_start", node_type=kind)
        began = time.monotonic()
        known = self.source.cut_off.get(self.node_id)
        result = end_of(self.executor, known) if known is not None else None
        if result is None:
            result = await self._followed(fresh, answers, known)
        found = node_result(result, round((time.monotonic() - began) * 1000))
        found.interrupts = told_apart(self.source.interrupts, self.node_id, found.interrupts)
        self._keep_unfinished(found)
        if found.status is Status.INTERRUPTED:
            self.emit("multiagent_node_interrupt", interrupts=found.interrupts)
        else:
            self.emit("multiagent_node_stop", node_result=found)
        return found

    async def _followed(self, fresh: Any, answers: list[Any], known: CutOff | None) -> Any:
        """Run the executor; however that ends, what it did so far is kept."""
        follower = self.source.running[self.node_id] = Follower(
            self.executor,
            saving_in(self.node_id, self.source.save),
            known,
            self.source.session_id,
            self.source.take_back,
        )
        prompt = (prompt_of_paused if known is None else prompt_of)(self.executor, fresh, answers)
        try:
            return await asyncio.wait_for(self._execute(prompt), self.timeout)
        except BaseException as error:
            cut_off = follower.so_far()
            if cut_off is not None:
                if isinstance(error, MaxTokensReachedException):
                    cut_off.stop = "max_tokens"
                self.source.cut_off[self.node_id] = cut_off
            if isinstance(error, asyncio.TimeoutError) and self.timeout is not None:
                text = f"node {self.node_id!r} took longer than {self.timeout} seconds"
                raise TimeoutError(text) from None
            raise
        finally:
            follower.end()
            self.source.running.pop(self.node_id, None)

    def _keep_unfinished(self, found: NodeResult) -> None:
        """What a limit ended in a nested graph or swarm can be gone on with, and so can an agent that was cancelled."""
        nested = self.executor if isinstance(self.executor, MultiAgentBase) else None
        if found.status is Status.FAILED and (nested is None or nested.is_under_way):
            self.source.cut_off[self.node_id] = CutOff(stop=CANCELLED if nested is None else "")
        else:
            self.source.cut_off.pop(self.node_id, None)

    def failed(self, error: Exception) -> NodeResult:
        """Return the result of a run that `error` ended."""
        result = NodeResult(error, status=Status.FAILED, execution_count=1)
        self.emit("multiagent_node_stop", node_result=result)
        return result

    def emit(self, type: str, **more: Any) -> None:
        """Tell whoever listens."""
        if self.sink is not None:
            self.sink({"type": type, "node_id": self.node_id, **more})

    async def _execute(self, prompt: Any) -> Any:
        executor: Any = self.executor
        if not hasattr(executor, "stream_async"):
            raise ValueError(f"node {self.node_id!r} holds {executor!r}; give it an agent, a graph or a swarm")
        if self.sink is None and _is_own(executor):
            return await executor.invoke_async(prompt, invocation_state=self.invocation_state)
        result: Any = None
        try:
            async for event in self._stream(executor, prompt):
                self.emit("multiagent_node_stream", event=event)
                if isinstance(event, Mapping) and "result" in event:
                    result = event["result"]
        except NotImplementedError:  # one that does not stream is called
            return await executor.invoke_async(prompt, invocation_state=self.invocation_state)
        if result is None:
            raise ValueError(f"node {self.node_id!r} did not produce a result event; its stream must end in one")
        return result

    def _stream(self, executor: Any, prompt: Any) -> AsyncIterator[Any]:
        found: AsyncIterator[Any]
        if isinstance(executor, MultiAgentBase):
            found = executor.stream_async(prompt, self.invocation_state)
        else:
            found = executor.stream_async(prompt, invocation_state=self.invocation_state)
        return found


def _is_own(executor: Any) -> bool:
    """Return whether nothing of somebody else's is in `stream_async`, so that nobody misses its events."""
    return type(executor).__module__.startswith("strands.") and "stream_async" not in vars(executor)


def node_result(result: Any, milliseconds: int) -> NodeResult:
    """Return what an executor's result means for its node.

    Raises:
        TypeError: It is not the result of an agent, a graph or a swarm.
    """
    if isinstance(result, MultiAgentResult):
        return NodeResult(
            result,
            milliseconds,
            result.status,
            result.accumulated_usage,
            result.accumulated_metrics,
            result.execution_count,
            list(result.interrupts),
        )
    if not isinstance(result, AgentResult):
        raise TypeError(f"an executor returned {result!r}, not an AgentResult or a MultiAgentResult")
    interrupts = list(result.interrupts or []) if result.stop_reason == "interrupt" else []
    ended = Status.FAILED if result.stop_reason == "cancelled" else Status.COMPLETED
    node = NodeResult(result, milliseconds, Status.INTERRUPTED if interrupts else ended, execution_count=1)
    node.interrupts = interrupts
    metrics: Any = result.metrics
    latest = metrics.latest_agent_invocation if isinstance(metrics, EventLoopMetrics) else None
    usage = latest.usage if latest is not None else _figures(metrics, "accumulated_usage")
    node.accumulated_usage = cast("Usage", {**node.accumulated_usage, **usage})
    node.accumulated_metrics = {**node.accumulated_metrics, **_figures(metrics, "accumulated_metrics")}
    return node


def _figures(metrics: Any, name: str) -> Any:
    """Return what metrics count under a name; those of somebody else's agent may count nothing."""
    found = getattr(metrics, name, None)
    return found if isinstance(found, Mapping) else {}


async def streamed(work: Callable[[Sink], Awaitable[Any]]) -> AsyncGenerator[dict[str, Any], None]:
    """Run `work` and yield what it tells its sink."""
    events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    task = asyncio.ensure_future(work(events.put_nowait))
    task.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
