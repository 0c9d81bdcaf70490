"""Who may ask a person about a tool call, and under which ids the questions are known."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from strands.interrupt import (
    TAKEN_NAMES,
    Interrupt,
    InterruptException,
    InterruptState,
    has_prefix,
    id_about,
    looked_up,
    tool_prefix,
)
from strands.types.exceptions import ToolTimeoutError
from strands.types.json_value import MAX_DEPTH, as_json

if TYPE_CHECKING:
    from strands.types.binding import Binding
    from strands.types.content import Message
    from strands.types.tool_use import ToolUse


_DEPTH = MAX_DEPTH + 20
"""A reason may hold a call whole, whose arguments may be as deep as any value."""


class QuestionScope:
    """One event's, or one tool call's, right to ask.

    Args:
        state: Where the agent keeps its questions.
        prefix: What the ids of these questions begin with.
        binding: Returns the call as it stands, which an answer is bound to; None binds to nothing.
        key: The idempotency key of the call.
        names: What `names` of another scope about this call holds.
        by_call: The prefix may be that of other calls, before or after this one: each question gets an id of its own.
        messages: The conversation that the call is in.

    Attributes:
        consulted: The questions whose answers were handed out.
        names: What tells the questions apart that were asked.
    """

    __slots__ = (
        "_binding",
        "_by_call",
        "_closed",
        "_key",
        "_messages",
        "_prefix",
        "_recent",
        "_state",
        "consulted",
        "names",
    )

    def __init__(
        self,
        state: InterruptState,
        prefix: str,
        binding: Callable[[], Binding] | None = None,
        key: str | None = None,
        names: Iterable[str] = (),
        *,
        by_call: bool = False,
        messages: Sequence[Message] = (),
    ) -> None:
        self._state = state
        self._messages = messages
        self._by_call = by_call
        self._prefix = prefix
        self._binding = binding
        self._key = key
        self._closed = False
        self._recent: list[tuple[Interrupt, Binding]] = []
        self.names: set[str] = set(names)
        self.consulted: list[Interrupt] = []

    def ask(self, name: str, reason: Any, response: Any, gate: str | None = None) -> Any:
        """Return the answer to `name`, or raise `InterruptException`."""
        if self._closed:
            raise ToolTimeoutError(f"the question {name!r} comes too late: the call that asks it was given up")
        suffix = _suffix(name, gate)
        if suffix in self.names:
            raise ValueError(f"the interrupt name {name!r} is used twice in one call; give each question its own name")
        if name in TAKEN_NAMES:
            raise ValueError(f"the interrupt name {name!r} is taken: it asks whether a call has happened")
        self.names.add(suffix)
        reason = checked_reason(name, reason)
        now = self._binding() if self._binding else None
        known = self._known(name, gate)
        if known is None or not _about(known, now):
            if response is not None:
                return response
            known = self._new(name, reason, now, gate, known)
        if not known.answered:
            raise InterruptException(known)
        self.consulted.append(known)
        if now is not None:
            self._recent.append((known, now))
        return known.response

    def close(self) -> None:
        """The call is over for its agent: whoever still works in it may not ask any more."""
        self._closed = True

    def raised(self) -> list[Interrupt]:
        """Return the questions that were raised with this right, answered or not."""
        return [each for each in list(self._state.interrupts.values()) if has_prefix(each, self._prefix)]

    def was_asked(self, name: str, gate: str | None = None) -> bool:
        """Return whether the question `name` about the call as it stands was asked already."""
        known = self._known(name, gate)
        return known is not None and _about(known, self._binding() if self._binding else None)

    def has_asked(self, name: str, gate: str | None = None) -> bool:
        """Return whether the question `name` was asked with this right, or with that of `names`."""
        return _suffix(name, gate) in self.names

    def asker_returned(self) -> None:
        """Who asked is done: what it made of the call itself after its answers is what was approved."""
        recent, self._recent = self._recent, []
        if not recent or self._binding is None:
            return
        made = self._binding()
        for interrupt, shown in recent:
            if shown.holds(interrupt.digest) and not made.holds(interrupt.digest):
                interrupt.bind(made)

    def asker_stopped(self) -> None:
        """Who asked was interrupted: it will run again from its top."""
        self._recent = []

    def _known(self, name: str, gate: str | None) -> Interrupt | None:
        interrupts = self._state.interrupts
        known = looked_up(interrupts, self._prefix + _suffix(name, gate)) if interrupts else None
        if known is not None or gate is None:
            return known
        first = interrupts.get(self._prefix + _suffix(name, None))
        return first if first is not None and first.gate == gate else None

    def _new(
        self, name: str, reason: Any, now: Binding | None, gate: str | None, before: Interrupt | None
    ) -> Interrupt:
        first = self._prefix + _suffix(name, gate)
        made = Interrupt(self._id_of(first, now, before), name, reason, gate=gate, key=self._key, first=first)
        if now is not None:
            made.bind(now)
            made.asked = before.asked if before is not None else made.digest  # a gate is told of a call more than once
        if before is not None:
            del self._state.interrupts[before.id]  # nobody can answer it any more
        self._state.interrupts[made.id] = made
        return made

    def _id_of(self, first: str, now: Binding | None, before: Interrupt | None) -> str:
        if before is not None and now is not None:
            return id_about(before.id, now)
        return f"{self._prefix}{uuid.uuid4()}" if self._by_call or self._is_reused() else first

    def _is_reused(self) -> bool:
        """Return whether the model used the id of the tool use before: an earlier answer must not reach this call."""
        id = self._prefix.split(":", 2)[-1][:-1]
        return sum(use["toolUseId"] == id for use in _tool_uses(self._messages)) > 1


def tool_question_scope(agent: Any, tool_use: ToolUse) -> QuestionScope:
    """Return the question scope of a tool that another tool runs; its answers are bound to that other tool's call."""
    return QuestionScope(agent.turn.interrupts, tool_prefix(tool_use["toolUseId"]), messages=agent.messages)


def _tool_uses(messages: Sequence[Message]) -> Iterator[ToolUse]:
    return (block["toolUse"] for message in messages for block in message["content"] if "toolUse" in block)


def checked_reason(name: str, reason: Any) -> Any:
    """Return what JSON makes of a reason.

    Raises:
        TypeError: It is not JSON: it could neither be stored nor shown.
    """
    try:
        return as_json(reason, "it", any_text=True, depth=_DEPTH)
    except (TypeError, ValueError) as error:
        raise TypeError(f"the reason of interrupt {name!r} must be JSON: {error}") from None


def _about(known: Interrupt, now: Binding | None) -> bool:
    """Return whether a question is about the call as it stands, or was when its asker spoke."""
    if now is None or known.digest is None:
        return True
    return now.holds(known.digest) or now.holds(known.asked)


@functools.lru_cache(maxsize=256)
def _suffix(name: str, gate: str | None) -> str:
    """A gate's questions have ids that no hook's name leads to."""
    space = uuid.NAMESPACE_OID if gate is None else uuid.uuid5(uuid.NAMESPACE_OID, f"strands gate {gate}")
    return str(uuid.uuid5(space, name))
