"""What a graph and a swarm share: a call from the task to the result, its hooks, its events, and what is kept of it."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from strands._sync import run
from strands.hooks import (
    AfterMultiAgentInvocationEvent,
    BeforeMultiAgentInvocationEvent,
    HookRegistry,
    MultiAgentInitializedEvent,
)
from strands.interrupt import InterruptState
from strands.plugins.registry import MultiAgentPluginRegistry

from .base import MultiAgentBase, MultiAgentInput, MultiAgentResult
from .node import Sink, streamed

if TYPE_CHECKING:
    from strands.hooks import HookProvider
    from strands.plugins import MultiAgentPlugin
    from strands.session import SessionManager

R = TypeVar("R", bound=MultiAgentResult)


class Orchestration(MultiAgentBase, Generic[R]):
    """Runs nodes in some order, stops to ask, and goes on with the answers.

    Args:
        id: Tells it from others in a session.
        session_manager: Keeps where it stands, so that another process can go on.
        trace_attributes: Attributes for spans.

    Attributes:
        state: Where it stands.
        resuming: The next call goes on from a stored state.
        cut_off: Nodes that were brought back in the middle of their work.
    """

    state: Any

    def __init__(self, id: str, session_manager: SessionManager | None, trace_attributes: Any) -> None:
        self.id = id
        self.session_manager = session_manager
        self.trace_attributes = trace_attributes
        self.hooks = HookRegistry()
        self.resuming = False
        self.running = {}
        self.cut_off: set[str] = set()
        self.save = partial(session_manager.save_multi_agent, self) if session_manager is not None else None
        self._interrupt_state = InterruptState()

    def _made(self, hooks: Sequence[HookProvider] | None, plugins: Sequence[MultiAgentPlugin] | None) -> None:
        """Register hooks and plugins, and tell them that it is there."""
        for provider in [*([self.session_manager] if self.session_manager is not None else []), *(hooks or ())]:
            self.hooks.add_hook(provider)
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
            Exception: In a graph, whatever the first failing node raised; a swarm's result holds it.
        """
        return await self._run(task, invocation_state, None)

    async def stream_async(
        self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Work on a task and yield events; the last one has the key `result`."""

        async def work(sink: Sink) -> None:
            result = await self._run(task, invocation_state, sink)
            sink({"type": "multiagent_result", "result": result})

        async for event in streamed(work):
            yield event

    @property
    def is_under_way(self) -> bool:
        """Whether the next call goes on with what an earlier one began."""
        return self.resuming or self._interrupt_state.activated

    def reset(self) -> None:
        """Forget the last task: the next call begins anew, its agents with what they remember."""
        self._interrupt_state = InterruptState()
        self.cut_off = set()

    async def _run(self, task: MultiAgentInput, invocation_state: dict[str, Any] | None, sink: Sink | None) -> R:
        given = invocation_state if invocation_state is not None else {}
        self._enter(task)
        await self.hooks.invoke_callbacks_async(BeforeMultiAgentInvocationEvent(self, given))
        began = time.monotonic()
        try:
            await self._advance(given, sink)
        finally:
            self.state.execution_time += round((time.monotonic() - began) * 1000)
            await self.hooks.invoke_callbacks_async(AfterMultiAgentInvocationEvent(self, given))
        return self._result()

    @abstractmethod
    def _enter(self, task: MultiAgentInput) -> None:
        """Begin with a task, or take the answers."""

    @abstractmethod
    async def _advance(self, given: dict[str, Any], sink: Sink | None) -> None:
        """Run nodes until it ends or asks."""

    @abstractmethod
    def _result(self) -> R:
        """Return what it came to."""
