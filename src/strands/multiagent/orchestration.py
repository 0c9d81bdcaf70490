"""What a graph and a swarm share: a call from the task to the result, its hooks, its events, and what is kept of it."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from strands._core.messages import is_answers
from strands._sync import run
from strands.hooks import (
    AfterMultiAgentInvocationEvent,
    BeforeMultiAgentInvocationEvent,
    HookRegistry,
    MultiAgentInitializedEvent,
)
from strands.hooks.given import register_given
from strands.interrupt import InterruptState, shown
from strands.plugins.registry import MultiAgentPluginRegistry
from strands.types.exceptions import ConcurrencyException, SessionException

from .base import MultiAgentBase, MultiAgentInput, MultiAgentResult, Status
from .guards import guards_of, missing_of
from .node import Sink, streamed
from .prompts import task_without
from .tracking import CANCELLED, CutOff, Follower, bring_back, keep
from .waiting import take_answers

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack
    from strands.hooks import HookCallback, HookProvider
    from strands.interrupt import Interrupt
    from strands.plugins import MultiAgentPlugin
    from strands.session import SessionManager
    from strands.types.traces import AttributeValue

R = TypeVar("R", bound=MultiAgentResult)


class Orchestration(MultiAgentBase, Generic[R]):
    """Runs nodes in some order, stops to ask, and goes on with the answers.

    Args:
        id: Tells it from others in a session.
        session_manager: Keeps where it stands, so that another process can go on.
        trace_attributes: Attributes for spans.

    Attributes:
        state: Where it stands.
        running: The nodes that run now.
        cut_off: The nodes that began and did not come to their end.
        guards: The hooks that may keep something from running, as they were when the task was last worked on.
        missing_hooks: Those of them that this process lacks. It goes on without only where its session manager says
            `without_hooks`.
    """

    state: Any

    def __init__(
        self, id: str, session_manager: SessionManager | None, trace_attributes: Mapping[str, AttributeValue] | None
    ) -> None:
        self.id = id
        self.session_manager = session_manager
        self.trace_attributes = trace_attributes
        self.hooks: HookRegistry = HookRegistry()
        self.running: dict[str, Follower] = {}
        self.cut_off: dict[str, CutOff] = {}
        self.save: Callable[..., Awaitable[None]] | None = (
            partial(session_manager.save_multi_agent, self) if session_manager is not None else None
        )
        self.guards: dict[str, list[str]] = {}
        self.missing_hooks: list[str] = []
        self.interrupts: InterruptState = InterruptState()
        self._lock = threading.Lock()
        self._untold = False  # it came to its end, but the call did not: nobody has its result

    @property
    def _interrupt_state(self) -> InterruptState:
        # programs written for the Strands Agents SDK know it by this name
        return self.interrupts

    @property
    def session_id(self) -> str:
        """The session that keeps it, or ""."""
        return str(getattr(self.session_manager, "session_id", None) or self.kept_in)

    def _made(
        self, hooks: Sequence[HookProvider | HookCallback] | None, plugins: Sequence[MultiAgentPlugin] | None
    ) -> None:
        """Register hooks and plugins, and tell them that it is there."""
        if self.session_manager is not None:
            self.hooks.add_hook(self.session_manager)
        register_given(self.hooks, hooks or (), f"{type(self).__name__}(hooks=)")
        registry = MultiAgentPluginRegistry(self)
        for plugin in plugins or ():
            registry.add_and_init(plugin)
        if self.hooks.listens(MultiAgentInitializedEvent):
            run(self.hooks.invoke_callbacks_async(MultiAgentInitializedEvent(self)))

    async def invoke_async(
        self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any
    ) -> R:
        """Work on a task, or go on with answers to the open questions.

        Args:
            task: Text, content blocks, or `interruptResponse` blocks.
            invocation_state: Handed to every agent, tool and hook.
            **kwargs: Not used.

        Returns:
            What it came to; with status INTERRUPTED there are open questions.

        Raises:
            TypeError: It waits for answers, and `task` is something else.
            KeyError: An answer names no open question.
            ValueError: Another task is half done, an answer is given where nothing waits, or differs from an earlier.
            ConcurrencyException: It is at work for another caller.
            Exception: In a graph, whatever the first failing node raised; a swarm's result holds it.
        """
        return await self._run(task, invocation_state, None)

    def __call__(self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any) -> R:
        """Work on a task from sync code; as `invoke_async`."""
        return run(self.invoke_async(task, {**(invocation_state or {}), **kwargs}))

    async def stream_async(
        self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Work on a task and yield events; the last one has the key `result`."""

        async def work(sink: Sink) -> None:
            result = await self._run(task, invocation_state, sink)
            sink({"type": "multiagent_result", "result": result})

        async with aclosing(streamed(work)) as events:  # who closes this closes that, at once
            async for event in events:
                yield event

    # What is half done

    @property
    def pending_interrupts(self) -> list[Interrupt]:
        """The questions that wait for an answer, in the order of their nodes."""
        return self.interrupts.pending if self.interrupts.activated else []

    @property
    def is_under_way(self) -> bool:
        """Whether a task is half done: something waits for an answer, is finished, or was cut off."""
        return self.interrupts.activated or (self._is_unfinished and self._has_begun)

    def reset(self) -> None:
        """Forget the task that is half done, if there is one, in the session too: the next call begins anew.

        The agents keep what they remember, but for those in the middle of their work: they forget that work.
        """
        was_under_way = self.is_under_way
        self._forget()
        if was_under_way and self.session_manager is not None:
            run(self.session_manager.store_multi_agent(self))

    def abandon_interrupts(self) -> list[Interrupt]:
        """Give up the questions that wait for an answer: their nodes are kept from running, so the task ends.

        A node beside them that was cut off is not given up: the task ends when that has come to its end.

        Returns:
            The questions that were given up.
        """
        return run(self._give_up())

    async def _give_up(self) -> list[Interrupt]:
        given_up = self.pending_interrupts
        if not given_up:
            return []
        with self._at_work():
            for name in [name for name in self._nodes if name in self.interrupts.context]:
                await self._give_up_in(name, self._nodes[name].executor)
            self.interrupts.deactivate()
            if self.session_manager is not None:
                await self.session_manager.store_multi_agent(self)
        return given_up

    async def _give_up_in(self, name: str, executor: Any) -> None:
        if isinstance(executor, Orchestration):
            await executor._give_up()
        elif hasattr(executor, "abandon_interrupts"):
            executor.abandon_interrupts()
        if isinstance(executor, MultiAgentBase) and executor.is_under_way:
            self.cut_off[name] = CutOff()
        else:
            self._deny(name, "The question about this node was given up.")

    def _forget(self) -> None:
        for name in {*self.cut_off, *self.interrupts.context} & self._nodes.keys():
            self._nodes[name].reset_executor_state()
        self.interrupts, self.cut_off, self._untold = InterruptState(), {}, False
        self.guards, self.missing_hooks = {}, []

    def known(self) -> dict[str, CutOff]:
        """Return what is known of the nodes that were cut off, or would be if this process ended now."""
        running = {name: follower.so_far() for name, follower in self.running.items()}
        return {**self.cut_off, **{name: each for name, each in running.items() if each is not None and each.began}}

    def kept_node(self, name: str, known: CutOff | None) -> dict[str, Any]:
        """Return what another process needs to go on with a node, as JSON-able data."""
        return keep(self._nodes[name].executor, known)

    def kept_nodes(self) -> dict[str, Any]:
        """Return `kept_node` of the nodes that run or were cut off; those that ask are kept with their questions."""
        asking = {name for name, kept in self.interrupts.context.items() if not kept["from_hook"]}
        return {name: self.kept_node(name, each) for name, each in self.known().items() if name not in asking}

    def compare_guards(self, internal: Mapping[str, Any]) -> None:
        """Note which of the hooks on record this process lacks."""
        self.guards = {path: list(names) for path, names in (internal.get("guards") or {}).items()}
        self.missing_hooks = missing_of(self, self.guards)

    def bring_back_nodes(self, kept: Mapping[str, Any]) -> None:
        """Put nodes where `kept_node` found them."""
        for name, each in kept.items():
            if name in self._nodes:
                self.cut_off[name] = bring_back(self._nodes[name].executor, each)

    def take_back(self, taken: TakenBack) -> None:
        """Let nothing here tell what a guardrail took back in a node: the task goes on without it."""
        self.state.task = task_without(self.state.task, taken)
        if self.take_back_outside is not None:
            self.take_back_outside(taken)

    @property
    def _has_begun(self) -> bool:
        return bool(self._finished) or any(known.began for known in self.known().values())

    async def _run(self, task: MultiAgentInput, invocation_state: dict[str, Any] | None, sink: Sink | None) -> R:
        given = invocation_state if invocation_state is not None else {}
        with self._at_work():
            refused = self._enter(task)
            began = time.monotonic()
            try:
                await self._tell(BeforeMultiAgentInvocationEvent(self, given), refused)
                began = time.monotonic()
                await self._advance(given, sink)
                self._untold = True
            finally:
                self.state.execution_time += round((time.monotonic() - began) * 1000)
                await self.hooks.invoke_callbacks_async(AfterMultiAgentInvocationEvent(self, given))
            self._untold = False
            return self._result()

    async def _tell(self, event: BeforeMultiAgentInvocationEvent, refused: Callable[[], None]) -> None:
        try:
            await self.hooks.invoke_callbacks_async(event)
        except BaseException:
            refused()
            raise

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            raise ConcurrencyException(f"{self._named} is at work for another caller; wait for that call to end")
        try:
            yield
        finally:
            self._lock.release()

    def _enter(self, task: MultiAgentInput) -> Callable[[], None]:
        """Begin with a task, or go on with the one that is half done; return what takes that back.

        Raises:
            TypeError: There are open questions, and `task` is something else.
            KeyError: An answer names no open question.
            ValueError: Another task is half done, or `task` answers what nobody asked.
            SessionException: Hooks are missing that the task was begun with.
        """
        before, status = dict(vars(self)), self._status
        state = self.interrupts
        if not state.activated and is_answers(task):
            raise ValueError(f"{self._named} has asked nothing, so there is nothing to answer; give it a task")
        answered = take_answers(state, task, self._named) if state.activated else []
        goes_on = state.activated or self._is_unfinished or self._untold
        is_new = task is not None and not is_answers(task) and task != self.state.task
        if is_new and self.is_under_way and not self._was_cancelled:  # an agent that was told to stop holds nobody up
            raise ValueError(
                f"{self._named} is half done with another task, {shown(self.state.task)}: call it with None to go on "
                "with that, or reset() it to begin anew"
            )
        if self.missing_hooks:  # they may have been added since
            self.missing_hooks = missing_of(self, self.guards)
        told = getattr(self.session_manager, "without_hooks", False)
        if goes_on and not is_new and self.missing_hooks and not told:
            for interrupt in answered:
                interrupt.withdraw()
            raise SessionException(
                f"{self._named} is in the middle of a task that was begun with hooks which are missing here: "
                f"{', '.join(self.missing_hooks)}. Nothing was done and no answer was taken. Add these hooks, reset() "
                "it, or accept that nobody judges for them: FileSessionManager(..., without_hooks=True)"
            )
        self.guards = guards_of(self)
        if not goes_on or is_new:
            self.interrupts, self.cut_off = InterruptState(), {}
            self._begin(task)
        self._untold = False
        self.state.start_time = time.time()
        self._status = Status.EXECUTING

        def refused() -> None:
            vars(self).update(before)
            self._status = status
            for interrupt in answered:
                interrupt.withdraw()

        return refused

    @property
    def _named(self) -> str:
        return f"{type(self).__name__.lower()} {self.id!r}"

    @property
    def _was_cancelled(self) -> bool:
        """Whether nothing is half done but the work of agents that were told to stop."""
        stopped = [self.cut_off.get(name) for name in self._upcoming]
        waits = self.interrupts.activated
        return bool(stopped) and not waits and all(each is not None and each.stop == CANCELLED for each in stopped)

    @property
    @abstractmethod
    def _upcoming(self) -> list[str]:
        """The nodes that run next."""

    @property
    @abstractmethod
    def _nodes(self) -> Mapping[str, Any]:
        """Node id to node."""

    @property
    @abstractmethod
    def _is_unfinished(self) -> bool:
        """Whether the last task did not come to its end."""

    @property
    @abstractmethod
    def _finished(self) -> Any:
        """The nodes that the task has behind it; empty when there are none."""

    @property
    @abstractmethod
    def _status(self) -> Status:
        """How far the task has come."""

    @_status.setter
    @abstractmethod
    def _status(self, status: Status) -> None: ...

    @abstractmethod
    def _begin(self, task: MultiAgentInput) -> None:
        """Begin with a task."""

    @abstractmethod
    def _deny(self, node_id: str, text: str) -> None:
        """A node is kept from running, so the task ends."""

    @abstractmethod
    async def _advance(self, given: dict[str, Any], sink: Sink | None) -> None:
        """Run nodes until it ends or asks."""

    @abstractmethod
    def _result(self) -> R:
        """Return what it came to."""
