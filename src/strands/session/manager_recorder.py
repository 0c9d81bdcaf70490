"""What the tools of an agent do, kept by a session manager that was written against the Strands Agents SDK.

Such a manager hears of messages and of the agent's state. What is known of tools that are under way is made a part of
that state, and the manager is asked to store it before a tool runs.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from strands._core.recorder import OpenTurn

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands._core.recorder import ToolStart
    from strands._core.subagent import SubagentRecorder
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult


class Manager(Protocol):
    """A session manager, as far as it is asked here."""

    def sync_agent(self, agent: Any, **kwargs: Any) -> None:
        """Store the state of `agent`."""


class ManagerRecorder:
    """The recorder of an agent whose session manager has none of its own.

    Args:
        manager: The session manager.
        agent: The agent; not kept alive.
    """

    gives_way: ClassVar[bool] = True
    """Whoever uses the agent as a tool may put a recorder of its own in this one's place for that while."""

    def __init__(self, manager: Manager, agent: Host) -> None:
        self._manager = manager
        self._agent = weakref.ref(agent)

    @classmethod
    def attach(cls, manager: Manager, agent: Host) -> None:
        """Let `manager`, which has restored the agent, hear of its tools; take up what it has kept of them."""
        if agent.recorder is None:
            agent.recorder = cls(manager, agent)
            agent.turn.take_up(agent.messages)

    async def appended(self, message: Message) -> None:
        """The message before is over, and its tools with it."""
        agent = self._agent()
        if agent is not None:
            agent.turn.noted = None

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """The manager hears of it as a message."""

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Note that a tool is about to run, and have that stored."""
        self._noted().start(start)
        if durable:
            self._store()

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Note a tool's result; it is stored with the message that tells of it, or now if other tools go on."""
        noted = self._noted()
        noted.finish(tool_use_id, result)
        if durable and noted.started:
            self._store()

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        """Note that the tool about to start is an agent, and return the recorder of what it does."""
        from strands._core.subagent import enter

        return await enter(self._note_inside, tool_use_id, own)

    async def _note_inside(self, path: tuple[str, ...], what: str, data: dict[str, Any], durable: bool) -> None:
        data.pop("taken", None)
        self._noted().note(path, what, data)
        if durable:
            self._store()

    def _noted(self) -> OpenTurn:
        agent = self._agent()
        if agent is None:
            return OpenTurn()
        if agent.turn.noted is None:
            agent.turn.noted = OpenTurn()
        return agent.turn.noted

    def _store(self) -> None:
        agent = self._agent()
        if agent is not None:
            self._manager.sync_agent(agent)
