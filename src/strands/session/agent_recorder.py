"""One live agent in a session: what it did and is not written yet, and the recorder that its loop reports to."""

from __future__ import annotations

import asyncio
import functools
import weakref
from typing import TYPE_CHECKING, Any

from strands._threads import in_background
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage, now

from .agent_record import AgentRecord
from .json_text import to_json
from .lease import this_process
from .record import SessionDraft
from .recorder import MOMENT, SessionRecorder
from .redaction import InsideRedaction, Redaction, earlier_copies

if TYPE_CHECKING:
    from strands._core.recorder import ToolStart
    from strands._core.subagent import SubagentRecorder
    from strands.agent.agent import Agent
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult


class AgentRecorder(SessionRecorder):
    """Keeps what `agent` does in a session; its `Recorder`.

    Entries gather in memory and are written together when the next one has to be on disk before anything goes on: a
    tool's start, an answer, the end of the call. A tool's result goes to the disk while the model is asked, and is
    there before anything is done about the model's reply.

    Args:
        record: The stored side.
        agent: The agent; not kept alive.
        next_id: The id of its next message.
    """

    def __init__(self, record: AgentRecord, agent: Agent, next_id: int) -> None:
        super().__init__()
        self.latest: SessionMessage | None = None
        self._given: Message | None = None  # the latest message as it was given
        self._same: list[SessionMessage] = []  # what is stored of it from right before
        self._record: AgentRecord = record
        self._agent = weakref.ref(agent)
        self._next_id = next_id
        self._agent_text = ""
        self._created_at = now()
        self._parent_calls: tuple[tuple[str, int], ...] = ()
        self._judges: list[str] = []
        self._asked = ""

    def belongs_to(self, agent: Agent) -> bool:
        """Return whether this is the recorder of that very agent."""
        return self._agent() is agent

    @property
    def is_left(self) -> bool:
        """Whether its agent is being let go of, so that nobody has it but its finalizer."""
        return self._agent() is None

    def remember(self, stored: SessionAgent) -> None:
        """Take `stored`, and the answers that the agent was restored with, as what is on record."""
        agent = self._agent()
        known = agent.turn.interrupts.interrupts.values() if agent is not None else ()
        self._answered.update(interrupt.id for interrupt in known if interrupt.answered)
        self._asked = "before" if known else ""
        self._created_at = stored.created_at
        self._agent_text = _comparable(stored)

    def oldest(self, count: int) -> list[SessionMessage]:
        """Return the messages that were not read when the agent was restored."""
        return self._record.oldest(count)

    # What happens in an invocation

    @property
    def next_id(self) -> int:
        """The id that the agent's next message will have."""
        return self._next_id

    def _ending(self) -> SessionDraft | None:
        return self._record.rested(self._next_id)

    def _note_beginning(self) -> None:
        self.note_answers()
        self._note_parent_call()
        # an answer is on record before a hook acts on it: after a crash nobody is asked what they have answered
        if self._drafts or not self._record.lease_is_cheap:
            self.flush(durable=False)

    def write_prompt_soon(self) -> None:
        """Write what has gathered if the model takes longer than a moment; a failure is told by the next write."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MOMENT, self._prompt_is_due)

    def _prompt_is_due(self) -> None:
        self._timer = None
        if self._drafts:
            in_background(functools.partial(self._write_quietly, False))

    async def appended(self, message: Message) -> None:
        """The message comes as a hook's event too."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """The reply comes as a message too; it is written with what is built on it."""

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record a tool that is about to run, after the answers that let it."""
        self.note_answers()
        self._add(SessionDraft("started", start.to_dict()))
        if durable:
            await self._settle()

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result."""
        self._add(SessionDraft("finished", {"tool_use_id": tool_use_id, "result": result}))
        if durable:
            self._write_result_soon()

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        """Record that the tool about to start is an agent, and return the recorder of what it does."""
        from strands._core.subagent import enter

        return await enter(self._note_inside, tool_use_id, own)

    async def _note_inside(self, path: tuple[str, ...], what: str, data: dict[str, Any], durable: bool) -> None:
        taken = InsideRedaction(path, data.pop("taken")) if what == "redacted" else None
        if taken is not None:
            with self._swapping:
                self._drafts = [
                    each._replace(data=taken.cleared(each.kind, each.data) or each.data) for each in self._drafts
                ]
        self._add(SessionDraft("inside", {"path": list(path), "what": what, **data}, taken=taken))
        if durable and what == "finished":
            self._write_result_soon()
        elif durable:
            await self._settle()

    # What is recorded

    def append(self, message: Message) -> None:
        """Note a new message."""
        # An object that is appended again is stored under several ids: a redaction has to reach all of them.
        self._same = [*self._same, self.latest] if self.latest is not None and message is self._given else []
        self._given = message
        self.latest = SessionMessage.from_message(message, self._next_id)
        self._next_id += 1
        self._answered.clear()
        self._asked = ""
        self._add(SessionDraft("message", {}, self.latest))

    def redact(self, message: Message) -> None:
        """Note what stands in for the latest message, and take out of what is stored what it said.

        Raises:
            SessionException: There is no message yet.
        """
        if self.latest is None:
            raise SessionException("there is no message to redact")
        agent = self._agent()
        history = agent.messages if agent is not None else []
        for stored in (*earlier_copies(message, self.latest, self._same, history), self.latest):
            self._redact(stored, message)

    def _redact(self, stored: SessionMessage, message: Message) -> None:
        stored.message = stored.redact_message = message  # what was said is nowhere at rest
        stored.updated_at = now()
        redaction = Redaction.of(stored)
        # What has gathered and is not yet written may not be written with what was said, either.
        with self._swapping:
            self._drafts = [
                each._replace(data=redaction.cleared(each.kind, each.data) or each.data) if each.data else each
                for each in self._drafts
            ]
        self._add(SessionDraft("redacted", {}, stored))

    def note_answers(self) -> None:
        """Note each answer that is not on record, and who gave it."""
        agent = self._agent()
        if agent is None:
            return
        for interrupt in list(agent.turn.interrupts.interrupts.values()):
            if interrupt.answered and interrupt.id not in self._answered:
                self._answered.add(interrupt.id)
                self._add(SessionDraft("answered", {"interrupt": interrupt.to_dict(), "by": this_process()}))

    def _note_parent_call(self) -> None:
        """Note for which tool use of another agent this one is about to work, and hooks that it was given meanwhile."""
        agent = self._agent()
        if agent is not None and (agent.turn.parent_calls != self._parent_calls or agent.hooks.judges != self._judges):
            self.note_agent()

    def note_agent(self) -> None:
        """Note the agent's state and open questions, if they changed."""
        agent = self._agent()
        if agent is None:
            return
        self.note_answers()
        self._note_questions(agent)
        self._parent_calls, self._judges = agent.turn.parent_calls, agent.hooks.judges
        stored = SessionAgent.from_agent(agent)
        text = _comparable(stored)
        if text == self._agent_text:
            return
        self._agent_text = text
        stored.created_at = self._created_at
        own = (stored.agent_id, stored.created_at, stored.updated_at)
        agent_id, created, updated = map(to_json, own)
        whole = f'{{"agent_id":{agent_id},{text},"created_at":{created},"updated_at":{updated}}}'
        self._add(SessionDraft("agent", {}, stored, whole))

    def _note_questions(self, agent: Agent) -> None:
        state = agent.turn.interrupts
        if self._asked and not state.interrupts:  # given up, or answered and acted on without a message
            self._asked = ""
            self._add(SessionDraft("asked", {"interrupts": []}))
        if not state.activated:
            return
        from strands._core.recorder import raised_in

        data: dict[str, Any] = {
            "interrupts": [interrupt.to_dict() for interrupt in state.interrupts.values()],
            "at_rest": [id for id in map(raised_in, state.pending) if id is not None],
        }
        if "pause" in state.context:
            data["pause"] = state.context["pause"]
        text = to_json(data)
        if text != self._asked:
            self._asked = text
            # What is asked anew waits for a new answer, which is to be recorded as well.
            self._answered.difference_update(interrupt.id for interrupt in state.pending)
            self._add(SessionDraft("asked", data, text=text))


def _comparable(stored: SessionAgent) -> str:
    """Return what may change of an agent, as the members of a JSON object."""
    manager, internal = stored.conversation_manager_state, stored._internal_state
    return to_json({"state": stored.state, "conversation_manager_state": manager, "_internal_state": internal})[1:-1]
