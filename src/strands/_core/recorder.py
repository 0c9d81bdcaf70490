"""How an agent tells what it did, and what it can be told about what was done before.

One mechanism for "a finished tool never runs twice": a session manager and a workflow's journal both record through
`Recorder` and hand what is on record to `Agent.restore` as an `OpenTurn`. An agent that works as a tool of another is
recorded by its caller's recorder, under the tool use that it works in, at any depth.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from strands._question_ids import AFTER_TOOL_CALL, hook_prefix
from strands.interrupt import AMBIGUOUS as AMBIGUOUS
from strands.interrupt import Interrupt

if TYPE_CHECKING:
    from strands._core.subagent import SubagentRecorder
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tool_use import ToolResult

_TOOL_INTERRUPT = "v1:tool_call:"


@dataclass(slots=True)
class ToolStart:
    """A tool that was started; its result is not, or not yet, on record.

    Attributes:
        tool_use_id: The call.
        name: The tool.
        digest: Hash of what the tool is and of its input.
        idempotency_key: The same for every try of this call.
        input: The arguments that it ran with, as JSON text; None in records of the first release.
    """

    tool_use_id: str
    name: str
    digest: str
    idempotency_key: str
    input: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "tool_use_id": self.tool_use_id,
            "name": self.name,
            "digest": self.digest,
            "idempotency_key": self.idempotency_key,
            "input": self.input,
        }


def _no_message() -> Message:
    return {"role": "assistant", "content": []}


@dataclass(slots=True)
class OpenTurn:
    """A message that asks for tools, and what is known of those.

    Attributes:
        message: The message; one without content where a record has it elsewhere.
        finished: Tool use id to result.
        started: Tool use id to start, of tools that neither finished nor came to rest at a question of their own
            (fold questions in with `asked`).
        interrupts: Interrupt id to interrupt, the answered ones included.
        subagents: Tool use id to what is on record of the agent that works in it, of agents used as tools.
        pause: Tells the pause in which the questions were asked from others of the agent; "" when nobody needs that.
    """

    finished: dict[str, ToolResult] = field(default_factory=dict)
    started: dict[str, ToolStart] = field(default_factory=dict)
    interrupts: dict[str, Interrupt] = field(default_factory=dict)
    subagents: dict[str, SubagentRecord] = field(default_factory=dict)
    pause: str = ""
    message: Message = field(default_factory=_no_message)

    def start(self, start: ToolStart) -> None:
        """Add a start; an answer that lets a doubtful tool run again was for one run, and this is it."""
        self.started[start.tool_use_id] = start
        if self.interrupts:
            forget_ambiguous(self.interrupts, start.tool_use_id)

    def finish(self, tool_use_id: str, result: ToolResult) -> None:
        """Add a result."""
        self.forget(tool_use_id)
        self.finished[tool_use_id] = result

    def forget(self, tool_use_id: str) -> None:
        """The tool is no longer under way."""
        self.started.pop(tool_use_id, None)
        self.subagents.pop(tool_use_id, None)

    def asked(self, interrupt: Interrupt) -> None:
        """Add a question; the tool that raised it, if one did, came to rest and is no longer ambiguous."""
        for id in [id for id, each in self.interrupts.items() if each.first == interrupt.first]:
            del self.interrupts[id]  # asked anew
        self.interrupts[interrupt.id] = interrupt
        tool_use_id = raised_in(interrupt)
        if tool_use_id is not None:
            self.forget(tool_use_id)

    def note(self, path: Sequence[str], what: str, data: Mapping[str, Any]) -> None:
        """Add what an `SubagentRecorder` notes.

        Args:
            path: The tool use ids that lead to the agent, the outermost first.
            what: The kind of note.
            data: What it says.
        """
        turn = self
        for tool_use_id in path[:-1]:
            turn = turn.subagents.setdefault(tool_use_id, SubagentRecord()).turn
        turn.subagents.setdefault(path[-1], SubagentRecord()).take(what, data)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "finished": dict(self.finished),
            "started": {id: start.to_dict() for id, start in self.started.items()},
            "interrupts": [interrupt.to_dict() for interrupt in self.interrupts.values()],
            "inside": {id: inside.to_dict() for id, inside in self.subagents.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OpenTurn:
        """Return what `to_dict` gave away; what is missing is empty."""
        interrupts = [Interrupt.from_dict(interrupt) for interrupt in data.get("interrupts", ())]
        return cls(
            finished=dict(data.get("finished", {})),
            started={id: ToolStart(**start) for id, start in data.get("started", {}).items()},
            interrupts={interrupt.id: interrupt for interrupt in interrupts},
            subagents={id: SubagentRecord.from_dict(inside) for id, inside in data.get("inside", {}).items()},
        )


@dataclass(slots=True)
class SubagentRecord:
    """What is on record of an agent that works in a tool use of another.

    Attributes:
        own: It keeps a record of its own, so here is nothing of it.
        base: The `messages` and the `state` it began with; None when they are those it was built with.
        resumed: It goes on from the question that it asked last; the question carries what was before.
        messages: What was added to its history since, its prompt first.
        stop: Why the model stopped at the last of them, or "" when that is not known.
        turn: What is on record of its tools.
    """

    own: bool = False
    base: Mapping[str, Any] | None = None
    resumed: bool = False
    messages: list[Message] = field(default_factory=list)
    stop: str = ""
    turn: OpenTurn = field(default_factory=OpenTurn)

    @property
    def begun(self) -> bool:
        """Whether there is anything to go on from."""
        return self.resumed or bool(self.messages)

    def take(self, what: str, data: Mapping[str, Any]) -> None:
        """Read one note of an `SubagentRecorder`."""
        if what == "entered":
            self.own = bool(data.get("own"))
        elif what == "opened":
            self.base, self.resumed = data.get("base"), bool(data.get("resumed"))
            self.messages, self.stop, self.turn = [], "", OpenTurn()
        elif what == "message":
            self.add(data["message"], data.get("stop", ""))
        elif what == "started":
            self.turn.start(ToolStart(**data["start"]))
        elif what == "finished":
            self.turn.finish(data["tool_use_id"], data["result"])
        elif what == "redacted":
            self.redact(data["message"])
        elif what == "whole":
            whole = SubagentRecord.from_dict(data)
            for name in self.__slots__:
                setattr(self, name, getattr(whole, name))

    def add(self, message: Message, stop: str = "") -> None:
        """Add a message; results that only follow from the tools on record need not be added."""
        if not any("toolResult" in block for block in message["content"]):
            self.close()
        self.messages.append(message)
        self.stop = stop
        self.turn = OpenTurn()

    def redact(self, message: Message) -> None:
        """Let a message stand in for the newest one, whose content a guardrail took back."""
        for block in message["content"]:
            if "toolResult" in block and block["toolResult"]["toolUseId"] in self.turn.finished:
                self.turn.finished[block["toolResult"]["toolUseId"]] = block["toolResult"]
        if self.messages and self.messages[-1]["role"] == message["role"]:
            self.messages[-1] = message

    def close(self) -> None:
        """Add the results of the newest tool uses, if they are not there yet."""
        from strands._core.messages import CANCELLED, open_tool_use, result_message

        asks = open_tool_use(self.messages)
        if asks is not None:
            self.messages.append(result_message(asks, self.turn.finished, CANCELLED))
        self.turn = OpenTurn()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "own": self.own,
            "base": self.base,
            "resumed": self.resumed,
            "messages": list(self.messages),
            "stop": self.stop,
            "turn": self.turn.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SubagentRecord:
        """Return what `to_dict` gave away; what is missing is empty."""
        return cls(
            own=bool(data.get("own")),
            base=data.get("base"),
            resumed=bool(data.get("resumed")),
            messages=list(data.get("messages", ())),
            stop=data.get("stop", ""),
            turn=OpenTurn.from_dict(data.get("turn", {})),
        )


class Recorder(Protocol):
    """Is told of everything an agent does, before anything is built on it."""

    async def appended(self, message: Message) -> None:
        """Record a message that was added to the history; it may be written with what follows."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """Record a model's reply; its tools, if any, have not been touched yet. `appended` tells of it as well."""

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record that a tool is about to run; `durable` asks that it be on disk before returning."""

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result; `durable` asks that it be on disk before returning."""

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        """Record that the tool about to start is an agent, and return the recorder of what it does.

        Args:
            tool_use_id: The call.
            own: The agent keeps a record of its own, so that recorder will not be told anything.
        """
        ...


def raised_in(interrupt: Interrupt) -> str | None:
    """Return the id of the tool use inside or after which a question was raised, or None when it did not run."""
    if interrupt.carried is not None:
        tool_use_id = interrupt.carried.get("tool_use_id")
        return str(tool_use_id) if tool_use_id is not None else None
    for prefix in (_TOOL_INTERRUPT, AFTER_TOOL_CALL):
        if interrupt.id.startswith(prefix) and interrupt.name != AMBIGUOUS:
            return interrupt.id[len(prefix) :].rpartition(":")[0]
    return None


def ambiguous_question_id(tool_use_id: str) -> str:
    """Return what the question whether a call that was started has happened is looked up by."""
    return hook_prefix(tool_use_id) + _ambiguous_suffix()


@functools.cache
def _ambiguous_suffix() -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, AMBIGUOUS))


def forget_ambiguous(interrupts: dict[str, Interrupt], tool_use_id: str) -> None:
    """Forget that question and its answer."""
    first = ambiguous_question_id(tool_use_id)
    for id in [id for id, each in list(interrupts.items()) if each.first == first]:
        del interrupts[id]
