"""Runs an agent for the messages of a context."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from a2a.helpers import new_task_from_user_message
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types import Part, TaskState

from strands._question_ids import tool_prefix
from strands.interrupt import TAKEN_NAMES, Interrupt

from .parts import ResponseError, content_of, question_parts, responses_of

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.agent.agent_result import AgentResult

logger: logging.Logger = logging.getLogger(__name__)

AgentFactory: TypeAlias = "Callable[[str], Agent]"
"""Makes the agent of a context, by the context's id."""

PERSON = "strands.person"
"""Where the state of a request has who answers, when a person of this process does."""

_NAME = "agent_response"
_OF_TOOLS = tool_prefix("").rstrip(":") + ":"


def is_asked_by_a_tool(interrupt: Interrupt) -> bool:
    """Whether a tool asks in the middle of its work; what hooks ask is whether an agent may do what it wants to."""
    ours = interrupt.name in TAKEN_NAMES or interrupt.gate is not None or interrupt.carried is not None
    return not ours and interrupt.id.startswith(_OF_TOOLS)


@dataclass
class _Context:
    """What is kept of a context: its agent, or, where one agent serves all of them, the state it had there."""

    agent: Agent
    snapshot: Any = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class StrandsA2AExecutor(AgentExecutor):
    """Runs an agent for A2A: contexts have nothing in common, whatever they ask for.

    Args:
        agent: One agent for all contexts, one after the other; it has no session manager.
        agent_factory: Makes an agent for each context: they run side by side, and may each have a session.
        enable_a2a_compliant_streaming: Stream text as an artifact in pieces, as the protocol has it; else as messages.
        max_contexts: So many contexts are kept, those that were used last.
        answerable: Which questions a caller may answer; default: those of tools. What hooks ask is for people: a caller
            that is an agent must not approve what it has asked for.

    Raises:
        ValueError: Not exactly one of `agent` and `agent_factory` is given, or the agent has a session.
    """

    DEFAULT_MAX_CONTEXTS = 1000

    def __init__(
        self,
        agent: Agent | None = None,
        *,
        agent_factory: AgentFactory | None = None,
        enable_a2a_compliant_streaming: bool = False,
        max_contexts: int = DEFAULT_MAX_CONTEXTS,
        answerable: Callable[[Interrupt], bool] | None = None,
    ) -> None:
        if (agent is None) == (agent_factory is None):
            raise ValueError("Provide exactly one of 'agent' or 'agent_factory'.")
        if max_contexts < 1:
            raise ValueError(f"max_contexts must be >= 1, got {max_contexts}")
        if agent is not None and agent.has_session:
            raise ValueError(
                "an agent with a session_manager serves one context: give agent_factory, which makes one for each"
            )
        self.agent: Agent | None = agent
        self.enable_a2a_compliant_streaming: bool = enable_a2a_compliant_streaming
        self._agent_factory = agent_factory
        self._max_contexts = max_contexts
        self._answerable = answerable or is_asked_by_a_tool
        self._contexts: OrderedDict[str, _Context] = OrderedDict()
        self._shared = asyncio.Lock()
        self._first = None if agent is None else agent.take_snapshot(preset="session")

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Run the agent on a message, or go on with what it asked, and tell what comes of it."""
        assert context.message is not None
        task = context.current_task
        if task is None:
            task = new_task_from_user_message(context.message)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        kept = self._context(task.context_id)  # a message may name its task alone
        try:
            async with self._as_of(kept) as agent:
                await self._answer(agent, context, updater)
        except Exception:  # whatever its model and tools raise, the caller is told
            logger.exception("task %s: the agent failed", task.id)
            await updater.failed(updater.new_agent_message([Part(text="Agent execution failed")]))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Stop the agent of a context, and say that the task is cancelled."""
        kept = self._contexts.get(context.context_id or "")
        if kept is not None:
            kept.agent.cancel()
        updater = TaskUpdater(event_queue, context.task_id or "", context.context_id or "")
        await updater.cancel(updater.new_agent_message([Part(text="Task cancelled by client request")]))

    @asynccontextmanager
    async def _as_of(self, kept: _Context) -> AsyncIterator[Agent]:
        """Yield the agent of a context, for one message at a time; one that serves all with the state it had there."""
        if self.agent is None:
            async with kept.lock:
                yield kept.agent
            return
        async with self._shared:
            self.agent.load_snapshot(kept.snapshot)
            try:
                yield self.agent
            finally:
                kept.snapshot = self.agent.take_snapshot(preset="session")

    def _context(self, context_id: str) -> _Context:
        kept = self._contexts.get(context_id)
        if kept is None:
            agent = self.agent if self._agent_factory is None else self._agent_factory(context_id)
            assert agent is not None
            kept = self._contexts[context_id] = _Context(agent, self._first)
            while len(self._contexts) > self._max_contexts:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(context_id)
        return kept

    async def _answer(self, agent: Agent, context: RequestContext, updater: TaskUpdater) -> None:
        """Give a message to the agent; one that does not fit what it waits for changes nothing."""
        assert context.message is not None
        waiting = {each.id: each for each in agent.pending_interrupts}
        try:
            responses = responses_of(context.message)
        except ResponseError as error:
            return await self._ask(updater, list(waiting.values()), [str(error)])
        is_person = bool(context.call_context.state.get(PERSON))
        problem = self._problem(waiting, responses, is_person)
        if problem:
            return await self._ask(updater, list(waiting.values()), [problem])
        prompt: Any = content_of(context.message)
        if responses is not None:
            prompt = [
                {"interruptResponse": {"interruptId": key, "response": value}} for key, value in responses.items()
            ]
        if not prompt:
            return await updater.reject(updater.new_agent_message([Part(text="the message has no content")]))
        return await self._stream(agent, prompt, context, updater)

    def _problem(self, waiting: Mapping[str, Interrupt], responses: Mapping[str, Any] | None, is_person: bool) -> str:
        """Return why a message is not taken, or ""."""
        if responses is None:
            return "Task is awaiting an interrupt response and cannot accept a new message" if waiting else ""
        unknown = sorted(responses.keys() - waiting.keys())
        if unknown:
            return f"No pending interrupt matches id(s): {', '.join(unknown)}"
        if is_person:
            return ""
        refused = [key for key in responses if not self._answerable(waiting[key])]
        return f"A person answers this, not the agent that called: {', '.join(refused)}" if refused else ""

    async def _stream(self, agent: Agent, prompt: Any, context: RequestContext, updater: TaskUpdater) -> None:
        artifact, sent = uuid.uuid4().hex, 0
        result: AgentResult | None = None
        async for event in agent.stream_async(prompt, invocation_state={"a2a_request_context": context}):
            if "result" in event:
                result = event["result"]
            elif event.get("data"):
                part = [Part(text=event["data"])]
                if self.enable_a2a_compliant_streaming:
                    await updater.add_artifact(part, artifact_id=artifact, name=_NAME, append=sent > 0)
                else:
                    await updater.start_work(updater.new_agent_message(part))
                sent += 1
        if result is not None and result.stop_reason == "interrupt":
            return await self._ask(updater, agent.pending_interrupts)
        text = "" if result is None else str(result)
        if self.enable_a2a_compliant_streaming and sent:
            await updater.add_artifact([Part(text="")], artifact_id=artifact, name=_NAME, append=True, last_chunk=True)
        elif text or self.enable_a2a_compliant_streaming:
            await updater.add_artifact([Part(text=text)], artifact_id=artifact, name=_NAME, last_chunk=True)
        return await updater.complete()

    async def _ask(self, updater: TaskUpdater, waiting: Sequence[Interrupt], notes: Sequence[str] = ()) -> None:
        """Say what the agent waits for, and whether the caller can do something about it."""
        if not waiting:
            parts = [Part(text=note) for note in notes]
            return await updater.requires_input(updater.new_agent_message(parts))
        can_answer = any(map(self._answerable, waiting))
        state = TaskState.TASK_STATE_INPUT_REQUIRED if can_answer else TaskState.TASK_STATE_AUTH_REQUIRED
        if not can_answer and not notes:
            notes = ["A person has to answer this, not the agent that called."]
        return await updater.update_status(state, updater.new_agent_message(question_parts(waiting, notes)))
