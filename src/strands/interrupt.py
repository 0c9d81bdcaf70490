"""Questions that stop an agent: what they are, how they are raised, and what is kept while they wait."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.types.content import Message
    from strands.types.tools import ToolResult, ToolUse

_UNANSWERED: Any = object()
_EXTRAS = ("digest", "asked", "answered", "carried", "key")
_FIELDS = ("reason", "response", *_EXTRAS)


@dataclass(init=False, repr=False, eq=False)
class Interrupt:
    """A question to a person.

    Args:
        id: Tells it from all others; the same in every process.
        name: What the asker calls it.
        reason: Anything JSON that the person needs to see.
        response: The answer; None while there is none. Setting it, to anything, answers.
        digest: What the answer is bound to: the tool's name, input and input schema as one hash. None for a question
            that is not about a tool call.
        asked: The digest when its asker spoke, if that is another one; `digest` is what the person was shown last.
        answered: Whether None, too, is an answer.
        carried: Where it came from, when an agent used as a tool asks.
        key: The idempotency key of the tool call it was raised in.
    """

    __slots__ = ("_response", "asked", "carried", "digest", "id", "key", "name", "reason")

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
        answered: bool = False,
        carried: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> None:
        self.id = id
        self.name = name
        self.reason = reason
        self.digest = digest
        self.asked = digest if asked is _UNANSWERED else asked
        self.carried = carried
        self.key = key
        self._response = _UNANSWERED if response is None and not answered else response

    @property  # type: ignore[no-redef]
    def response(self) -> Any:
        return None if self._response is _UNANSWERED else self._response

    @response.setter
    def response(self, value: Any) -> None:
        self._response = value

    @property
    def answered(self) -> bool:
        """Whether there is an answer; "no", an empty text and None are answers too."""
        return self._response is not _UNANSWERED

    def withdraw(self) -> None:
        """Forget the answer."""
        self._response = _UNANSWERED

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        data: dict[str, Any] = {"id": self.id, "name": self.name, "reason": self.reason, "response": self.response}
        return {**data, **self._extras()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Interrupt:
        """Return what `to_dict` gave away."""
        return cls(data["id"], data["name"], **{key: data[key] for key in _FIELDS if key in data})

    def _extras(self) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        if self.digest is not None:
            extras["digest"] = self.digest
        if self.asked != self.digest:
            extras["asked"] = self.asked
        if self.answered:
            extras["answered"] = True
        if self.carried is not None:
            extras["carried"] = self.carried
        if self.key is not None:
            extras["key"] = self.key
        return extras

    def __eq__(self, other: object) -> bool:
        """Compare what people see; what an answer is bound to tells no two questions apart."""
        if not isinstance(other, Interrupt):
            return NotImplemented
        mine = (self.id, self.name, self.reason, self.response)
        return mine == (other.id, other.name, other.reason, other.response)

    __hash__ = None  # type: ignore[assignment]

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
        self.interrupts = [interrupt, *more]


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
        interrupts: Interrupt id to interrupt, in the order they were asked.
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
        self.interrupts = interrupts if interrupts is not None else {}
        self.context = context if context is not None else {}
        self.activated = activated

    @property
    def pending(self) -> list[Interrupt]:
        """The questions without an answer."""
        return [interrupt for interrupt in self.interrupts.values() if not interrupt.answered]

    @property
    def pending_tool_execution(self) -> PendingToolExecution | None:
        """The tools that wait, or None."""
        if "tool_use_message" not in self.context:
            return None
        return PendingToolExecution(self.context["tool_use_message"], self.context.get("tool_results", []))

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
            TypeError: The prompt is not such a list.
            KeyError: A block names an unknown interrupt or has no response.
            ValueError: A question has another answer already.
        """
        answers = [self._read(block) for block in _blocks(prompt)]
        for interrupt, response in answers:
            if interrupt.answered and interrupt.response != response:
                raise ValueError(f"interrupt {interrupt.id!r} has the answer {interrupt.response!r} already")
        new = [(interrupt, response) for interrupt, response in answers if not interrupt.answered]
        for interrupt, response in new:
            interrupt.response = response
        return [interrupt for interrupt, _ in new]

    def _read(self, block: Any) -> tuple[Interrupt, Any]:
        body = block["interruptResponse"]
        if not isinstance(body, Mapping) or "interruptId" not in body or "response" not in body:
            raise KeyError(f"interruptResponse {body!r} must have 'interruptId' and 'response'")
        interrupt = self.interrupts.get(body["interruptId"])
        if interrupt is None:
            known = [each.id for each in self.pending]
            raise KeyError(f"no interrupt has the id {body['interruptId']!r}; waiting are {known}")
        return interrupt, body["response"]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, in the layout that session files hold."""
        interrupts, extras = {}, {}
        for interrupt in self.interrupts.values():
            data = interrupt.to_dict()
            more = {key: data.pop(key) for key in _EXTRAS if key in data}
            interrupts[interrupt.id] = data
            if more:
                extras[interrupt.id] = more
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


class Asker:
    """One event's, or one tool call's, right to ask.

    Args:
        state: Where the agent keeps its questions.
        prefix: What the ids of these questions begin with.
        digest: Returns the digest of the call as it stands, which an answer is bound to; None binds to nothing.
        key: The idempotency key of the call.
    """

    __slots__ = ("_digest", "_key", "_names", "_prefix", "_state", "consulted")

    def __init__(
        self,
        state: InterruptState,
        prefix: str,
        digest: Callable[[], str] | None = None,
        key: str | None = None,
    ) -> None:
        self._state = state
        self._prefix = prefix
        self._digest = digest
        self._key = key
        self._names: set[str] = set()
        self.consulted: list[Interrupt] = []  # whose answers were handed out

    def ask(self, name: str, reason: Any, response: Any) -> Any:
        """Return the answer to `name`, or raise `InterruptException`."""
        if name in self._names:
            raise ValueError(f"the interrupt name {name!r} is used twice in one call; give each question its own name")
        self._names.add(name)
        check_reason(name, reason)
        now = self._digest() if self._digest else None
        id = self._prefix + str(uuid.uuid5(uuid.NAMESPACE_OID, name))
        known = self._state.interrupts.get(id)
        if known is None or (None not in (now, known.digest) and now not in (known.digest, known.asked)):
            if response is not None:
                return response
            known = Interrupt(id, name, reason, None, now)
            known.key = self._key
            self._state.interrupts[id] = known
        if not known.answered:
            raise InterruptException(known)
        self.consulted.append(known)
        return known.response

    def raised(self) -> list[Interrupt]:
        """Return the questions that were raised with this right, answered or not."""
        return [each for each in self._state.interrupts.values() if each.id.startswith(self._prefix)]


def check_reason(name: str, reason: Any) -> None:
    """Raise TypeError when a reason is not JSON: it could neither be stored nor shown."""
    try:
        json.dumps(reason, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"the reason of interrupt {name!r} must be JSON (text, numbers, lists, dicts with text keys): {error}"
        ) from error


def call_digest(name: str, input: Any, schema: Any) -> str:
    """Return what an approval is bound to: SHA-256 of a tool's name, the call's input and the input schema."""
    import hashlib

    canonical = json.dumps([name, input, schema], sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(canonical.encode()).hexdigest()


def tool_prefix(tool_use_id: str) -> str:
    """Return what the ids of questions raised inside a tool call begin with."""
    return f"v1:tool_call:{tool_use_id}:"


def hook_prefix(tool_use_id: str) -> str:
    """Return what the ids of questions raised before a tool call begin with."""
    return f"v1:before_tool_call:{tool_use_id}:"


def event_was_asked(event: Any, name: str) -> bool:
    """Return whether the question `name` about the tool call of a `BeforeToolCallEvent` was asked already."""
    id = hook_prefix(event.tool_use["toolUseId"]) + str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    return id in event.agent._interrupt_state.interrupts


def tool_asker(agent: Any, tool_use: ToolUse) -> Asker:
    """Return the asker of a tool that another tool runs; its answers are bound to that other tool's call."""
    return Asker(agent._interrupt_state, tool_prefix(tool_use["toolUseId"]))


def _blocks(prompt: Any) -> list[Any]:
    if isinstance(prompt, list) and prompt and all(_is_answer(block) for block in prompt):
        return prompt
    raise TypeError(
        f"the agent waits for answers to interrupts, so the prompt must be a list of "
        f"{{'interruptResponse': {{'interruptId', 'response'}}}} blocks, not {_shown(prompt)}; "
        "agent.abandon_interrupts() gives the questions up"
    )


def _is_answer(block: Any) -> bool:
    return isinstance(block, Mapping) and "interruptResponse" in block


def _shown(prompt: Any) -> str:
    text = repr(prompt)
    return text if len(text) <= 80 else text[:77] + "..."


_InterruptState = InterruptState
