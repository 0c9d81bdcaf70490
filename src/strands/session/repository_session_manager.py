"""Session management on top of any `SessionRepository`."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands._sync import in_event_loop
from strands._threads import on_disk
from strands.hooks import (
    AfterInvocationEvent,
    AfterMultiAgentInvocationEvent,
    AfterNodeCallEvent,
    AgentInitializedEvent,
    BeforeInvocationEvent,
    BeforeMultiAgentInvocationEvent,
    HookOrder,
    HookRegistry,
    MessageAddedEvent,
)
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionType

from .agent_record import Loaded
from .agent_recorder import AgentRecorder
from .history import mended, open_turn, restore_state
from .record import stale
from .session_manager import SessionManager
from .session_repository import SessionRepository

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.multiagent.base import MultiAgentBase
    from strands.types.content import Message

    from .journal_state import Kind
    from .multi_agent_recorder import MultiAgentRecorder

_SECONDS_TO_TAKE_IN = 5.0
_PAUSE = 0.002


class RepositorySessionManager(SessionManager):
    """Keeps agents, graphs and swarms in a session of `session_repository`.

    One call of an agent holds the agent's lease from its first step to its last; between calls nothing is held. An
    agent that was left behind by another one's turn is refused at its next call, so no turn is lost.

    Args:
        session_id: The session; made when it does not exist.
        session_repository: Where it is kept.
        without_hooks: Go on with an open turn although hooks that judge tool calls, and that it was begun with, are
            missing here. A call whose question was answered is still not made without the hook that asked.
        **kwargs: For subclasses.

    Raises:
        SessionException: The session could not be read or made.
    """

    def __init__(
        self, session_id: str, session_repository: SessionRepository, *, without_hooks: bool = False, **kwargs: Any
    ) -> None:
        self.session_id = session_id
        self.without_hooks = without_hooks
        self.session_repository = session_repository
        self.session: Session = session_repository.read_session(session_id) or self._created()
        self._recorders: dict[str, AgentRecorder] = {}
        self._multi_agents: dict[str, MultiAgentRecorder] = {}

    def _created(self) -> Session:
        """Make the session; one that another process has just made will do."""
        try:
            return self.session_repository.create_session(Session(self.session_id, SessionType.AGENT))
        except SessionException:
            made = self.session_repository.read_session(self.session_id)
            if made is None:
                raise
            return made

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Listen to the agent, before its own hooks at the start of a call and after them at its end."""
        first = HookOrder.SDK_FIRST
        registry.add_callback(AgentInitializedEvent, lambda event: self.initialize(event.agent), order=first)
        registry.add_callback(BeforeInvocationEvent, self._begin, order=first)
        registry.add_callback(MessageAddedEvent, self._message_added, order=first)
        registry.add_callback(AfterInvocationEvent, self._rest, order=first)
        registry.add_callback(BeforeMultiAgentInvocationEvent, self._multi_agent_begins, order=first)
        self._register_multi_agent_hooks(registry)

    async def _begin(self, event: BeforeInvocationEvent) -> None:
        await self._recorder(event.agent).begin()

    def _message_added(self, event: MessageAddedEvent) -> Awaitable[None] | None:
        if event.repeated:
            return None
        recorder = self._recorders.get(event.agent.agent_id)
        if recorder is None or recorder.invoking:
            self.append_message(event.message, event.agent)
            return None
        if in_event_loop():
            return on_disk(partial(self._add_outside, event))
        self._add_outside(event)
        return None

    def _add_outside(self, event: MessageAddedEvent) -> None:
        self.append_message(event.message, event.agent)
        self.sync_agent(event.agent)

    async def _rest(self, event: AfterInvocationEvent) -> None:
        recorder = self._recorders.get(event.agent.agent_id)
        if recorder is None or not recorder.invoking or not recorder.belongs_to(event.agent):
            return  # the call was refused before it began
        try:
            self.sync_agent(event.agent)
        finally:
            await recorder.rest()

    def append_message(self, message: Message, agent: Agent, **kwargs: Any) -> None:
        """Store a message; within a call of the agent it is written together with what follows from it."""
        recorder = self._recorder(agent)
        recorder.append(message)
        if recorder.invoking and message["role"] == "user" and in_event_loop():
            recorder.write_prompt_soon()
        self._written(recorder)

    def redact_latest_message(self, redact_message: Message, agent: Agent, **kwargs: Any) -> None:
        """Let `redact_message` stand in for the message that was appended last.

        Raises:
            SessionException: No message was appended since the agent was made.
        """
        recorder = self._recorder(agent)
        recorder.redact(redact_message)
        self._written(recorder)

    def sync_agent(self, agent: Agent, **kwargs: Any) -> None:
        """Store the agent's state, if it changed."""
        recorder = self._recorder(agent)
        recorder.note_agent()
        self._written(recorder)

    def initialize(self, agent: Agent, **kwargs: Any) -> None:
        """Restore the agent from the session, or take it into the session when it is new there.

        Raises:
            SessionException: What is stored cannot be read.
            ValueError: The agent's id cannot be part of a file name.
        """
        given, deadline = list(agent.messages), time.monotonic() + _SECONDS_TO_TAKE_IN
        while not self._initialized(agent, given, last_try=time.monotonic() > deadline):
            time.sleep(_PAUSE)  # somebody else takes it in at this moment: go on from what that one wrote

    def _initialized(self, agent: Agent, given: list[Message], *, last_try: bool) -> bool:
        record = self.session_repository.open_record(self.session_id, agent.agent_id)
        loaded = record.load()
        recorder = AgentRecorder(record, agent, loaded.next_id if loaded else 0)
        self._recorders[agent.agent_id] = recorder
        agent.recorder = recorder
        if loaded is not None:
            self._restore(agent, recorder, loaded)
        if loaded is not None and loaded.agent is not None:
            return True
        try:
            self._take_in(agent, recorder, [] if loaded else given)
        except SessionException:
            if not record.refused or last_try:
                raise
            return False
        return True

    def _restore(self, agent: Agent, recorder: AgentRecorder, loaded: Loaded) -> None:
        stored, turn = loaded.messages, loaded.turn
        before: list[Message] = []
        recorder.latest = stored[-1] if stored else None
        if loaded.agent is not None:
            before, first = restore_state(agent, loaded.agent)
            if first < loaded.skipped:
                stored = [*recorder.oldest(loaded.skipped), *stored][first:]
            else:
                stored = stored[first - loaded.skipped :]
            turn = turn if turn is not None else open_turn(loaded.agent)
        messages = [*before, *(each.to_message() for each in stored)]
        agent.restore(mended(messages), turn)
        if loaded.agent is not None:
            recorder.remember(loaded.agent)

    def _take_in(self, agent: Agent, recorder: AgentRecorder, messages: list[Message]) -> None:
        recorder.note_agent()  # first: a repository may refuse messages of an agent that it does not know
        for message in messages:
            recorder.append(message)
        recorder.write_through()

    def sync_multi_agent(self, source: MultiAgentBase, **kwargs: Any) -> None:
        """Store the state of a graph or swarm; of one that was never restored here, in place of what is stored."""
        if source.id not in self._multi_agents:
            recorder = self._new_multi_agent_recorder(source)
            recorder.take_over()
            self._multi_agents[source.id] = recorder
        self._multi_agent_recorder(source).store()

    def initialize_multi_agent(self, source: MultiAgentBase, **kwargs: Any) -> None:
        """Restore a graph or swarm from the session, or take it into the session when it is new there."""
        recorder = self._new_multi_agent_recorder(source)
        recorder.load()
        self._multi_agents[source.id] = recorder

    def _new_multi_agent_recorder(self, source: MultiAgentBase) -> MultiAgentRecorder:
        from .multi_agent_recorder import MultiAgentRecorder

        return MultiAgentRecorder(self.session_repository.open_multi_agent_record(self.session_id, source.id), source)

    async def _multi_agent_begins(self, event: BeforeMultiAgentInvocationEvent) -> None:
        await self._multi_agent_recorder(event.source).begin()

    async def _multi_agent_changed(self, event: AfterNodeCallEvent | AfterMultiAgentInvocationEvent) -> None:
        recorder = self._multi_agents.get(event.source.id)
        if recorder is None or recorder.source is not event.source or not recorder.invoking:
            return  # the call was refused before it began
        if isinstance(event, AfterMultiAgentInvocationEvent):
            await recorder.rest()
        else:
            await recorder.save("node", f"nodes/{event.node_id}")

    async def store_multi_agent(self, source: MultiAgentBase) -> None:
        recorder = self._multi_agent_recorder(source)
        await recorder.begin()
        await recorder.rest()

    async def save_multi_agent(self, source: MultiAgentBase, kind: Kind = "state", key: str = "") -> None:
        await self._multi_agent_recorder(source).save(kind, key)

    def _multi_agent_recorder(self, source: MultiAgentBase) -> MultiAgentRecorder:
        recorder = self._multi_agents.get(source.id)
        if recorder is None or recorder.source is not source:
            why = "another one took its place, or it was not added"
            raise SessionException(stale(self.session_id, source.id, why, "graph or swarm"))
        return recorder

    def _recorder(self, agent: Agent) -> AgentRecorder:
        recorder = self._recorders.get(agent.agent_id)
        if recorder is None:
            raise SessionException(f"agent {agent.agent_id!r} is not part of session {self.session_id!r}")
        if recorder.is_left:
            raise SessionException(
                f"session {self.session_id!r}: Python is letting go of agent {agent.agent_id!r}, as in `__del__` or "
                "when the interpreter ends, and nothing is recorded of it any more. Nothing was written. Call the "
                "agent while something of the program still holds it"
            )
        if not recorder.belongs_to(agent):
            raise SessionException(stale(self.session_id, agent.agent_id, "another agent object took its place"))
        return recorder

    def _written(self, recorder: AgentRecorder) -> None:
        if not recorder.invoking:
            recorder.write_through()


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
