"""Events on which hooks may ask a person, and what tells the questions of one moment from those of another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from strands.interrupt import Interrupt, has_prefix, is_any
from strands.types.exceptions import SessionException

from .question_scope import QuestionScope

if TYPE_CHECKING:
    from strands.hooks.binding import Binding

BATCH_PREFIX = "v1:before_tools:"
"""What the ids of questions about all calls of a message begin with."""


class Interruptible:
    """An event whose callbacks may stop the agent to ask a person."""

    _moment: ClassVar[str]  # what the ids of all questions begin with that are asked at events of this type
    _by_call: ClassVar[bool] = True  # what comes later may be like this moment: its questions are others

    def interrupt(self, name: str, reason: Any = None, response: Any = None) -> Any:
        """Ask a person, or return what was answered.

        The agent comes to rest, for as long as it takes and in any process. When there is an answer it goes on from
        here: the callbacks of this event run again, from their top.

        Args:
            name: Tells this question from others at the same moment.
            reason: Anything JSON that the person needs to see.
            response: An answer known in advance.

        Returns:
            The answer.

        Raises:
            InterruptException: There is no answer yet; let it pass.
            TypeError: `reason` is not JSON.
            ValueError: The name was used at this moment already.
        """
        return self.question_scope().ask(name, reason, response)

    @property
    def consulted(self) -> list[Interrupt]:
        """The questions whose answers were handed out on this event."""
        scope: QuestionScope | None = self.__dict__.get("_scope")
        return scope.consulted if scope is not None else []

    def question_scope(self, names: Iterable[str] = ()) -> QuestionScope:
        """Return its right to ask; `names` were used at this moment before."""
        scope: QuestionScope | None = self.__dict__.get("_scope")
        if scope is None:
            agent: Any = self.__dict__["agent"]
            scope = self.__dict__["_scope"] = QuestionScope(
                agent.turn.interrupts,
                self.question_prefix(),
                self._binding_of(),
                names=names,
                by_call=self._by_call,
                messages=agent.messages,
            )
        return scope

    def question_prefix(self) -> str:
        """Return what the ids of its questions begin with."""
        raise NotImplementedError

    def _binding_of(self) -> Callable[[], Binding] | None:
        """Return what gives the thing that answers are bound to; None binds them to nothing but the moment."""
        return None

    def callback_ended(self, *, interrupted: bool) -> None:
        scope: QuestionScope | None = self.__dict__.get("_scope")
        if scope is None:
            return
        if interrupted:
            scope.asker_stopped()
        else:
            scope.asker_returned()

    def open_questions(self, raised: Sequence[Interrupt]) -> list[Interrupt]:
        """Return what was raised, and what waits although its asker swallowed the interrupt and went on."""
        scope: QuestionScope | None = self.__dict__.get("_scope")
        if scope is None and not raised:
            return []
        found = {each.id: each for each in raised}
        if scope is not None:
            found.update((each.id, each) for each in scope.raised() if not each.answered)
        return list(found.values())

    def untaken(self) -> list[Interrupt]:
        """Return the questions of this moment that were answered, and whose answers no callback took."""
        agent: Any = self.__dict__["agent"]
        known = agent.turn.interrupts.interrupts
        if not known:
            return []
        prefix, taken = self.question_prefix(), {each.id for each in self.consulted}
        own = [each for each in list(known.values()) if each.carried is None and has_prefix(each, prefix)]
        return [each for each in own if each.answered and each.id not in taken]


def is_awaited(kind: type[Interruptible], agent: Any) -> bool:
    """Return whether hooks listen, or a question asked at such an event is known; if not, none need be built."""
    if kind in agent.hooks._callbacks:  # as `listens` says; this is asked some ten times a turn
        return True
    known = agent.turn.interrupts.interrupts
    if not known:
        return False
    return is_any(known, kind._moment)


class MomentBinding:
    """Binds an answer to a value as it is now, such as a tool's result.

    Args:
        value: What the person is asked about.
    """

    basis = None

    def __init__(self, value: Any) -> None:
        self.digest: str = f"2:{key_of(value)}"

    def holds(self, digest: str | None) -> bool:
        """Return whether `digest` is of this very value."""
        return digest == self.digest


def key_of(value: Any) -> str:
    """Return a short text that tells a value from others; the same in every process."""
    import hashlib

    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def key_of_message(message: Any) -> str:
    """Return what tells a message from others by what it says."""
    return key_of([message["role"], message["content"]]) if message is not None else "none"


def check_taken(event: Interruptible) -> None:
    """Raise SessionException when a question of this moment was answered, and no callback took the answer."""
    untaken = [each for each in event.untaken() if not _has_passed(each)]
    if untaken:
        names = ", ".join(repr(each.name) for each in untaken)
        raise SessionException(
            f"{type(event).__name__}: the question {names} was answered, and no hook of this process takes the answer. "
            "Give the agent the hook that asked and call it with None, or agent.abandon_interrupts()"
        )


def note_passed(interrupts: Iterable[Interrupt]) -> None:
    """Note that questions have served where they were asked, though their answers hold on."""
    for each in interrupts:
        each.place = {"then": "passed"}


def _has_passed(interrupt: Interrupt) -> bool:
    return interrupt.place is not None and interrupt.place["then"] == "passed"
