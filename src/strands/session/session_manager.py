"""What keeps an agent's session: the interface, and the events it listens to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.hooks import (
    AfterInvocationEvent,
    AfterMultiAgentInvocationEvent,
    AfterNodeCallEvent,
    AgentInitializedEvent,
    HookOrder,
    HookProvider,
    HookRegistry,
    MessageAddedEvent,
    MultiAgentInitializedEvent,
)

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.multiagent.base import MultiAgentBase
    from strands.types.content import Message

    from .journal_state import Kind


class SessionManager(HookProvider, ABC):
    """Restores an agent when it is made and stores what it does.

    A manager of your own implements the abstract methods; `RepositorySessionManager` only needs a `SessionRepository`.
    """

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Listen to the agent: restore it once it is ready, store each message, and its state after each call.

        A manager that stores what `SessionAgent.from_agent` returns has on record which tools are under way, too.
        """
        first = HookOrder.SDK_FIRST
        registry.add_callback(AgentInitializedEvent, self._agent_is_ready, order=first)
        registry.add_callback(MessageAddedEvent, self._message_added, order=first)
        registry.add_callback(AfterInvocationEvent, lambda event: self.sync_agent(event.agent), order=first)
        self._register_multi_agent_hooks(registry)

    def _agent_is_ready(self, event: AgentInitializedEvent) -> None:
        from .manager_recorder import ManagerRecorder

        self.initialize(event.agent)
        ManagerRecorder.attach(self, event.agent)

    def _register_multi_agent_hooks(self, registry: HookRegistry) -> None:
        first = HookOrder.SDK_FIRST
        registry.add_callback(
            MultiAgentInitializedEvent, lambda event: self.initialize_multi_agent(event.source), order=first
        )
        for event_type in (AfterNodeCallEvent, AfterMultiAgentInvocationEvent):
            registry.add_callback(event_type, self._multi_agent_changed, order=first)

    def _message_added(self, event: MessageAddedEvent) -> Awaitable[None] | None:
        if not event.repeated:
            self.append_message(event.message, event.agent)
            self.sync_agent(event.agent)
        return None

    async def _multi_agent_changed(self, event: AfterNodeCallEvent | AfterMultiAgentInvocationEvent) -> None:
        await self.save_multi_agent(event.source)

    async def save_multi_agent(self, source: MultiAgentBase, kind: Kind = "state", key: str = "") -> None:
        """Store the state of a graph or swarm as it is now, without blocking the event loop.

        Args:
            source: The graph or swarm.
            kind: What has happened, for who keeps that.
            key: Where.
        """
        import asyncio

        await asyncio.to_thread(self.sync_multi_agent, source)

    async def store_multi_agent(self, source: MultiAgentBase) -> None:
        """Store the state of a graph or swarm that changed outside of a call."""
        await self.save_multi_agent(source)

    @abstractmethod
    def redact_latest_message(self, redact_message: Message, agent: Agent, **kwargs: Any) -> None:
        """Let `redact_message` stand in for the message that was appended last."""

    @abstractmethod
    def append_message(self, message: Message, agent: Agent, **kwargs: Any) -> None:
        """Store a message of `agent`."""

    @abstractmethod
    def sync_agent(self, agent: Agent, **kwargs: Any) -> None:
        """Store the state of `agent`: what its `state`, its conversation manager and its questions hold."""

    @abstractmethod
    def initialize(self, agent: Agent, **kwargs: Any) -> None:
        """Restore `agent` from the session, or take it into the session when it is new there."""

    def sync_multi_agent(self, source: MultiAgentBase, **kwargs: Any) -> None:
        """Store the state of a graph or swarm.

        Raises:
            NotImplementedError: This manager does not store graphs and swarms.
        """
        raise NotImplementedError(f"{type(self).__name__} does not store graphs and swarms")

    def initialize_multi_agent(self, source: MultiAgentBase, **kwargs: Any) -> None:
        """Restore a graph or swarm from the session, or take it into the session when it is new there.

        Raises:
            NotImplementedError: This manager does not store graphs and swarms.
        """
        raise NotImplementedError(f"{type(self).__name__} does not store graphs and swarms")


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
