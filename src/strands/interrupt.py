"""Questions that stop an agent: what they are, how they are raised, and what is kept while they wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from strands._first_release import call_digest as call_digest
from strands._first_release import is_gate
from strands._question_ids import BEFORE_INVOCATION, MESSAGE_ADDED, MOMENTS
from strands._question_ids import has_prefix as has_prefix
from strands._question_ids import hook_prefix as hook_prefix
from strands._question_ids import id_about as id_about
from strands._question_ids import is_any as is_any
from strands._question_ids import looked_up as looked_up
from strands._question_ids import tool_prefix as tool_prefix
from strands.types.json_value import as_json, is_same_json

if TYPE_CHECKING:
    from strands.types.binding import Binding
    from strands.types.content import Message
    from strands.types.tool_use import ToolResult

AMBIGUOUS = "ambiguous_tool_call"
"""The name of the question whether a call that was started has happened; only we ask it."""
TAKEN_NAMES = (AMBIGUOUS, f"{AMBIGUOUS}_result")

_UNANSWERED: Any = object()
_EXTRAS = ("digest", "asked", "basis", "gate", "answered", "carried", "key", "first", "place")
_FIELDS = ("reason", "response", *_EXTRAS)


@dataclass(init=False, repr=False, eq=False)
class Interrupt:
    """A question to a person.

    Args:
        id: Tells it from all others; the same in every process.
        name: What the asker calls it.
        reason: Anything JSON that the person needs to see.
        response: The answer; None while there is none. Setting it, to anything, answers.
        digest: What the answer is bound to: what the tool is, and its input, as one hash. None for a question that is
            not about a tool call.
        asked: The digest when its asker spoke, if that is another one; `digest` is what the person was shown last.
        basis: The hash of the tool alone.
        gate: The kind of gate of ours that asks; None when a hook or a tool does, whatever its reason says.
        answered: Whether None, too, is an answer.
        carried: Where it came from, when an agent used as a tool asks.
        key: The idempotency key of the tool call it was raised in.
        first: The id that it is looked up by; another than its own when an answer to an earlier question must not be
            taken for one to it.
        place: Where the agent stopped to ask, for a question that is not about a tool call to come, and what it needs
            to go on from there. Of several questions asked there one has it.
    """

    __slots__ = ("_response", "id", "name", "reason", *(name for name in _EXTRAS if name != "answered"))

    id: str
    name: str
    reason: Any
    response: Any

    def __init__(
        self,
        id: str,
        name: str,
        reason: Any = None,
        response: Any = None,
        digest: str | None = None,
        *,
        asked: str | None = _UNANSWERED,
        basis: str | None = None,
        gate: str | None = None,
        answered: bool = False,
        carried: dict[str, Any] | None = None,
        key: str | None = None,
        first: str | None = None,
        place: dict[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.first: str = first if first is not None else id
        self.name = name
        self.reason = reason
        self.digest = digest
        self.asked: str | None = digest if asked is _UNANSWERED else asked
        self.basis = basis
        self.gate = gate
        self.carried = carried
        self.key = key
        self.place = place
        self._response = _UNANSWERED if response is None and not answered else response

    @property  # type: ignore[no-redef]
    def response(self) -> Any:
        return None if self._response is _UNANSWERED else self._response

    @response.setter
    def response(self, value: Any) -> None:
        self._response = as_json(value, f"the answer to interrupt {self.id!r}")

    @property
    def answered(self) -> bool:
        """Whether there is an answer; "no", an empty text and None are answers too."""
        return self._response is not _UNANSWERED

    def withdraw(self) -> None:
        """Forget the answer."""
        self._response = _UNANSWERED

    def bind(self, binding: Binding) -> None:
        """Bind the answer to another call; which one its asker spoke about stays known."""
        self.digest, self.basis = binding.digest, binding.basis

    def anew(self, reason: Any, binding: Binding) -> Interrupt:
        """Return the question as it is asked about another call: under an id of its own, and without an answer."""
        made = Interrupt(id_about(self.id, binding), self.name, reason, gate=self.gate, key=self.key, first=self.first)
        made.bind(binding)
        made.asked = self.asked if self.digest is not None else made.digest
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        data: dict[str, Any] = {"id": self.id, "name": self.name, "reason": self.reason, "response": self.response}
        return {**data, **self._extras()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Interrupt:
        """Return what `to_dict` gave away."""
        found = cls(data["id"], data["name"], **{key: data[key] for key in _FIELDS if key in data})
        if is_gate(found):
            found.gate = "approval"
        return found

    def _extras(self) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        if self.digest is not None:
            extras["digest"] = self.digest
        if self.asked != self.digest:
            extras["asked"] = self.asked
        if self.basis is not None:
            extras["basis"] = self.basis
        if self.gate is not None:
            extras["gate"] = self.gate
        if self.answered and self._response is None:  # any other answer shows by itself
            extras["answered"] = True
        if self.carried is not None:
            extras["carried"] = self.carried
        if self.key is not None:
            extras["key"] = self.key
        if self.first != self.id:
            extras["first"] = self.first
        if self.place is not None:
            extras["place"] = self.place
        return extras

    def __eq__(self, other: object) -> bool:
        """Compare what people see; what an answer is bound to tells no two questions apart."""
        if not isinstance(other, Interrupt):
            return NotImplemented
        mine = (self.id, self.name, self.reason, self.response)
        return mine == (other.id, other.name, other.reason, other.response)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Interrupt.from_dict, (self.to_dict(),)  # a copy is answered only if this is

    def __repr__(self) -> str:
        return f"Interrupt(id={self.id!r}, name={self.name!r}, reason={self.reason!r}, response={self.response!r})"


class InterruptException(BaseException):
    """Carries an interrupt from where it is raised to the agent. Not an `Exception`: nobody's handler swallows it.

    Attributes:
        interrupt: The question.
        interrupts: All of them, when an agent used as a tool asks several at once.
    """

    def __init__(self, interrupt: Interrupt, *more: Interrupt) -> None:
        super().__init__(interrupt.name)
        self.interrupt = interrupt
        self.interrupts: list[Interrupt] = [interrupt, *more]


class NotYet(BaseException):
    """A tool call has its turn after others of its message; it stops like one that asks, without a question."""


@dataclass
class PendingToolExecution:
    """The tools of a message that wait for an answer.

    Attributes:
        assistant_message: The message that asks for them.
        completed_tool_results: What those came to that finished.
    """

    assistant_message: Message
    completed_tool_results: list[ToolResult]


class InterruptState:
    """The questions of one agent, and the turn that waits for their answers.

    Attributes:
        interrupts: Interrupt id to interrupt, as they were asked. Tools in threads add to it: go through a copy.
        context: While paused `tool_use_message` (whose tools wait) and `tool_results` (of those that finished).
        activated: Whether the agent is paused.
    """

    __slots__ = ("activated", "context", "interrupts")

    def __init__(
        self,
        interrupts: dict[str, Interrupt] | None = None,
        context: dict[str, Any] | None = None,
        activated: bool = False,
    ) -> None:
        self.interrupts: dict[str, Interrupt] = interrupts if interrupts is not None else {}
        self.context: dict[str, Any] = context if context is not None else {}
        self.activated: bool = activated

    @property
    def pending(self) -> list[Interrupt]:
        """The questions without an answer."""
        return [interrupt for interrupt in list(self.interrupts.values()) if not interrupt.answered]

    @property
    def pending_tool_execution(self) -> PendingToolExecution | None:
        """The tools that wait, or None."""
        if "tool_use_message" not in self.context:
            return None
        return PendingToolExecution(self.context["tool_use_message"], self.context.get("tool_results", []))

    @property
    def place(self) -> dict[str, Any] | None:
        """Where the agent stopped to ask, or None when it did at the tools of a message."""
        found = None
        for each in self.interrupts.values():
            if each.place is not None and each.place["then"] in ("begin", "model", "reply", "end"):
                found = each.place
        return found

    def forget(self, *prefixes: str, but: str = "") -> None:
        """Forget the questions whose ids begin with one of `prefixes`, except those that begin with `but`."""
        gone = [id for id in self.interrupts if id.startswith(prefixes) and not (but and id.startswith(but))]
        for id in gone:
            del self.interrupts[id]

    def forget_unasked(self) -> None:
        """Forget what hooks ask about no tool call: nobody was told, as the call failed in which it was raised."""
        for id in [id for id, each in self.interrupts.items() if not each.answered and id.startswith(MOMENTS)]:
            del self.interrupts[id]

    def end_tools(self) -> None:
        """The tools of a message are done: forget what was asked about them."""
        known, kept = self.interrupts, (BEFORE_INVOCATION, MESSAGE_ADDED)
        if known:
            self.interrupts = {id: each for id, each in known.items() if each.answered and id.startswith(kept)}
        self.context, self.activated = {}, False

    def activate(self, message: Message, results: list[Any]) -> None:
        """Come to rest at `message`, with the results of the tools that finished."""
        self.context["tool_use_message"] = message
        self.context["tool_results"] = results
        self.activated = True

    def deactivate(self) -> None:
        """Forget everything: the turn goes on or was given up."""
        self.interrupts = {}
        self.context = {}
        self.activated = False

    def answer(self, prompt: Any) -> list[Interrupt]:
        """Take a list of `interruptResponse` blocks: all of it or, on an error, nothing.

        Returns:
            The questions that had no answer before.

        Raises:
            TypeError: The prompt is not such a list, or an answer holds what JSON has no form for.
            KeyError: A block names an unknown interrupt or has no response.
            ValueError: A question has another answer already, or two in this list; or an answer is None or holds what
                JSON forbids.
        """
        answers = [self._read(block) for block in _blocks(prompt)]
        given: dict[str, Any] = {}
        for interrupt, response in answers:
            if interrupt.answered and not is_same_json(interrupt.response, response):
                raise ValueError(f"interrupt {interrupt.id!r} has the answer {interrupt.response!r} already")
            if not is_same_json(given.setdefault(interrupt.id, response), response):
                raise ValueError(
                    f"interrupt {interrupt.id!r} is answered twice, with {given[interrupt.id]!r} and {response!r}; "
                    "give one answer"
                )
        new = {interrupt.id: interrupt for interrupt, _ in answers if not interrupt.answered}
        for id, interrupt in new.items():
            interrupt.response = given[id]
        return list(new.values())

    def _read(self, block: Any) -> tuple[Interrupt, Any]:
        body = block["interruptResponse"]
        if not isinstance(body, Mapping) or "interruptId" not in body or "response" not in body:
            raise KeyError(f"interruptResponse {body!r} must have 'interruptId' and 'response'")
        id = body["interruptId"]
        interrupt = self.interrupts.get(id) if isinstance(id, str) else None
        if interrupt is None:
            known = [each.id for each in self.pending]
            raise KeyError(f"no interrupt has the id {id!r}; waiting are {known}")
        response = as_json(body["response"], f"the answer to interrupt {interrupt.id!r}")
        if response is None:
            raise ValueError(f"None is not an answer to interrupt {interrupt.id!r}; nothing was answered")
        return interrupt, response

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, in the layout that session files hold."""
        asked, extras = _data_of(self.interrupts.values())
        interrupts = {data["id"]: data for data in asked}
        pending = None
        if "tool_use_message" in self.context:
            pending = {
                "assistant_message": self.context["tool_use_message"],
                "completed_tool_results": self.context.get("tool_results", []),
            }
        state = {"interrupts": interrupts, "context": self.context, "activated": self.activated}
        return {**state, "pending_tool_execution": pending, "bindings": extras}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> InterruptState:
        """Return what `to_dict` gave away, also in the layouts of the Strands Agents SDK."""
        extras = data.get("bindings") or {}
        interrupts = {
            id: Interrupt.from_dict({**interrupt, **extras.get(id, {})})
            for id, interrupt in data.get("interrupts", {}).items()
        }
        context = dict(data.get("context") or {})
        pending = data.get("pending_tool_execution")
        if pending and "tool_use_message" not in context:
            context["tool_use_message"] = pending["assistant_message"]
            context["tool_results"] = list(pending.get("completed_tool_results") or [])
        return cls(interrupts, context, bool(data.get("activated")))


def _data_of(interrupts: Iterable[Interrupt]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return questions as the Strands Agents SDK knows them, and by their ids what it does not know of them."""
    asked, extras = [], {}
    for interrupt in list(interrupts):
        data = interrupt.to_dict()
        more = {key: data.pop(key) for key in _EXTRAS if key in data}
        asked.append(data)
        if more:
            extras[interrupt.id] = more
    return asked, extras


def listed(interrupts: Iterable[Interrupt]) -> dict[str, Any]:
    """Return the members that tell a result's questions; `read_listed` reads them."""
    asked, extras = _data_of(interrupts)
    return {"interrupts": asked, "bindings": extras} if extras else {"interrupts": asked}


def read_listed(data: Mapping[str, Any]) -> list[Interrupt]:
    """Return the questions that the dictionary of a result tells."""
    extras = data.get("bindings") or {}
    return [Interrupt.from_dict({**each, **extras.get(each["id"], {})}) for each in data.get("interrupts") or []]


def is_about_ambiguous_call(interrupt: Interrupt) -> bool:
    """Return whether it asks whether a call has happened, or what it came to."""
    return interrupt.name in TAKEN_NAMES


def _blocks(prompt: Any) -> list[Any]:
    if isinstance(prompt, list) and prompt and all(_is_answer(block) for block in prompt):
        return prompt
    raise TypeError(
        f"the agent waits for answers to interrupts, so the prompt must be a list of "
        f"{{'interruptResponse': {{'interruptId', 'response'}}}} blocks, not {shown(prompt)}; "
        "agent.abandon_interrupts() gives the questions up"
    )


def _is_answer(block: Any) -> bool:
    return isinstance(block, Mapping) and "interruptResponse" in block


def shown(prompt: Any) -> str:
    """Return a prompt as error messages show it."""
    text = repr(prompt)
    return text if len(text) <= 80 else text[:77] + "..."


_InterruptState = InterruptState
