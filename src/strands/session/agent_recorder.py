"""One live agent in a session: what it did and is not written yet, and the recorder that its loop reports to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import platform
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from strands._sync import in_sync_call
from strands._threads import in_background, on_disk
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage, now

from .agent_record import AgentRecord, Draft
from .arrival import Arrival
from .json_text import to_json
from .redaction import InsideRedaction, Redaction, earlier_copies

if TYPE_CHECKING:
    from strands._core.recorder import ToolStart
    from strands._core.subagent import SubagentRecorder
    from strands.agent.agent import Agent
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult


_MOMENT = 0.001
"""Seconds in which results and prompts gather that nothing waits for: together they cost one sync."""


class AgentRecorder:
    """Keeps what `agent` does in a session; its `Recorder`.

    Entries gather in memory and are written together when the next one has to be on disk before anything goes on: a
    tool's start, an answer, the end of the call. A tool's result goes to the disk while the model is asked, and is
    there before anything is done about the model's reply. Waiting for the disk is done in worker threads.

    Args:
        record: The stored side.
        agent: The agent; not kept alive.
        next_id: The id of its next message.
    """

    def __init__(self, record: AgentRecord, agent: Agent, next_id: int) -> None:
        self.latest: SessionMessage | None = None
        self._given: Message | None = None  # the latest message as it was given
        self._same: list[SessionMessage] = []  # what is stored of it from right before
        self._record = record
        self._agent = weakref.ref(agent)
        self._next_id = next_id
        self._calls = 0
        self._drafts: list[Draft] = []
        self._gate = threading.Lock()
        self._swapping = threading.Lock()
        self._pid = os.getpid()
        self._turnstile = asyncio.Lock()
        self._soon = False
        self._timer: asyncio.TimerHandle | None = None
        self._added = 0
        self._durable = 0
        self._agent_text = ""
        self._created_at = now()
        self._tasks: tuple[tuple[str, int], ...] = ()
        self._judges: list[str] = []
        self._answered: set[str] = set()
        self._asked = ""

    def belongs_to(self, agent: Agent) -> bool:
        """Return whether this is the recorder of that very agent."""
        return self._agent() is agent

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

    @property
    def invoking(self) -> bool:
        """Whether a call of the agent is under way."""
        return self._calls > 0

    async def begin(self) -> None:
        """Take the lease for one call, and write the answers that it brings.

        Raises:
            SessionException: Somebody else has it or has written, or this process was forked in the middle of a call.
        """
        self._check_process()
        if self._record.lease_is_cheap or self.invoking:
            self._begin(Arrival())
        else:
            await self._begin_elsewhere(Arrival())
        if self._drafts:
            in_background(functools.partial(self._write_quietly, False))

    async def _begin_elsewhere(self, arrival: Arrival) -> None:
        try:
            await on_disk(functools.partial(self._begin, arrival))
        except asyncio.CancelledError:
            if arrival.is_late():
                self._leave()
            raise

    def _begin(self, arrival: Arrival) -> None:
        with self._gate:  # of several threads one takes the lease, and nothing is half written while others' is sought
            is_first = not self.invoking
            if is_first or self._record.has_rested:
                self._record.begin()
            if is_first:
                self._turnstile = asyncio.Lock()
                self._timer = None  # one of an event loop that ended is never due
            self._calls += 1
        try:
            if is_first:
                self._note_beginning()
        except BaseException:
            self._leave()
            raise
        if arrival.is_unwanted():
            self._leave()

    def _note_beginning(self) -> None:
        self.note_answers()
        self._note_task()
        # an answer is on record before a hook acts on it: after a crash nobody is asked what they have answered
        if self._drafts or not self._record.lease_is_cheap:
            self.flush(durable=False)

    def _leave(self) -> None:
        """End a call: the last one gives the lease back."""
        with self._gate:
            self._calls -= 1
            if not self.invoking:
                self._record.end()

    def _check_process(self) -> None:
        """A forked child has copies of the locks, and of a call that is its parent's: only the parent writes that."""
        if os.getpid() == self._pid:
            return
        if self.invoking:
            raise SessionException(
                "this process was forked in the middle of a call of this agent, and does not hold its lease: nothing "
                "was written. Create the agent again in this process"
            )
        self._pid = os.getpid()
        self._gate, self._swapping = threading.Lock(), threading.Lock()
        self._soon = False
        self._record.forked()

    async def rest(self) -> None:
        """Write all of it, synced, and give the lease back, also when nobody waits for it any more."""
        resting = on_disk(functools.partial(self._rest, in_sync_call()))
        try:
            await asyncio.shield(resting)
        except asyncio.CancelledError:
            await asyncio.wait([resting])
            raise

    def _rest(self, waits: bool) -> None:
        self._check_process()
        try:
            self.flush(durable=True, at_end=True)
        finally:
            self._leave()
        if waits:  # who waits in a thread reads the files next
            self._record.write_layout_files()
        else:
            self._record.write_layout_files_soon()

    def write_prompt_soon(self) -> None:
        """Write what has gathered if the model takes longer than a moment; a failure is told by the next write."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_MOMENT, self._prompt_is_due)

    def _prompt_is_due(self) -> None:
        self._timer = None
        if self._drafts:
            in_background(functools.partial(self._write_quietly, False))

    def _write_result_soon(self) -> None:
        """Write and sync what has gathered in a moment, with what comes meanwhile, even if the loop is held up."""
        if not self._soon:
            self._soon = True
            in_background(self._write_in_a_moment)

    def _write_in_a_moment(self) -> None:
        time.sleep(_MOMENT)
        self._soon = False
        self._write_quietly(True)

    def _write_quietly(self, durable: bool) -> None:
        with contextlib.suppress(SessionException):
            self.flush(durable=durable, only_within_a_call=True)

    async def appended(self, message: Message) -> None:
        """The message comes as a hook's event too."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """The reply comes as a message too; it is written with what is built on it."""

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record a tool that is about to run, after the answers that let it."""
        self.note_answers()
        self._add(Draft("started", start.to_dict()))
        if durable:
            await self._settle()

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result."""
        self._add(Draft("finished", {"tool_use_id": tool_use_id, "result": result}))
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
        self._add(Draft("inside", {"path": list(path), "what": what, **data}, taken=taken))
        if durable and what == "finished":
            self._write_result_soon()
        elif durable:
            await self._settle()

    async def _settle(self) -> None:
        wanted = self._added
        async with self._turnstile:
            if self._durable < wanted:
                await on_disk(functools.partial(self.flush, durable=True))

    # What is recorded

    def append(self, message: Message) -> None:
        """Note a new message."""
        self._same = [*self._same, self.latest] if self.latest is not None and message is self._given else []
        self._given = message
        self.latest = SessionMessage.from_message(message, self._next_id)
        self._next_id += 1
        self._answered.clear()
        self._asked = ""
        self._add(Draft("message", {}, self.latest))

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
        with self._swapping:
            self._drafts = [
                each._replace(data=redaction.cleared(each.kind, each.data) or each.data) if each.data else each
                for each in self._drafts
            ]
        self._add(Draft("redacted", {}, stored))

    def note_answers(self) -> None:
        """Note each answer that is not on record, and who gave it."""
        agent = self._agent()
        if agent is None:
            return
        for interrupt in list(agent.turn.interrupts.interrupts.values()):
            if interrupt.answered and interrupt.id not in self._answered:
                self._answered.add(interrupt.id)
                by = f"process {os.getpid()} on {platform.node()}"
                self._add(Draft("answered", {"interrupt": interrupt.to_dict(), "by": by}))

    def _note_task(self) -> None:
        """Note for which tool use of another agent this one is about to work, and hooks that it was given meanwhile."""
        agent = self._agent()
        if agent is not None and (agent.turn.parent_calls != self._tasks or agent.hooks.judges != self._judges):
            self.note_agent()

    def note_agent(self) -> None:
        """Note the agent's state and open questions, if they changed."""
        agent = self._agent()
        if agent is None:
            return
        self.note_answers()
        self._note_questions(agent)
        self._tasks, self._judges = agent.turn.parent_calls, agent.hooks.judges
        stored = SessionAgent.from_agent(agent)
        text = _comparable(stored)
        if text == self._agent_text:
            return
        self._agent_text = text
        stored.created_at = self._created_at
        own = (stored.agent_id, stored.created_at, stored.updated_at)
        agent_id, created, updated = map(to_json, own)
        whole = f'{{"agent_id":{agent_id},{text},"created_at":{created},"updated_at":{updated}}}'
        self._add(Draft("agent", {}, stored, whole))

    def _note_questions(self, agent: Agent) -> None:
        state = agent.turn.interrupts
        if self._asked and not state.interrupts:  # given up, or answered and acted on without a message
            self._asked = ""
            self._add(Draft("asked", {"interrupts": []}))
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
            self._answered.difference_update(interrupt.id for interrupt in state.pending)
            self._add(Draft("asked", data, text=text))

    def flush(self, *, durable: bool, only_within_a_call: bool = False, at_end: bool = False) -> None:
        """Write what has gathered; blocks.

        Args:
            durable: Sync it, and what was written before.
            only_within_a_call: Do nothing where the lease has been given back meanwhile.
            at_end: A call comes to its end; if it is the only one, what is written says so.
        """
        self._check_process()
        with self._gate:
            if only_within_a_call and not self.invoking:
                return
            with self._swapping:
                drafts, added, self._drafts = self._drafts, self._added, []
            if not drafts and (not durable or self._durable == added):
                return
            ending = [self._record.rested(self._next_id)] if at_end and self._calls <= 1 else []
            try:
                self._record.write([*drafts, *filter(None, ending)], durable=durable)
            except BaseException:
                with self._swapping:
                    self._drafts = drafts + self._drafts
                raise
            if durable:
                self._durable = added

    def write_through(self) -> None:
        """Write what has gathered outside of a call of the agent: with a lease of its own; blocks."""
        self._check_process()
        self._record.begin()
        try:
            self.flush(durable=True, at_end=True)
        finally:
            self._record.end()
        self._record.write_layout_files()

    def _add(self, draft: Draft) -> None:
        with self._swapping:
            self._drafts.append(draft)
            self._added += 1


def _comparable(stored: SessionAgent) -> str:
    """Return what may change of an agent, as the members of a JSON object."""
    manager, internal = stored.conversation_manager_state, stored._internal_state
    return to_json({"state": stored.state, "conversation_manager_state": manager, "_internal_state": internal})[1:-1]
