"""How a call comes to rest: with a result, or with questions that hooks ask, and how it goes on from those."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands._question_ids import MESSAGE_ADDED
from strands.agent.result import AgentResult
from strands.hooks.interruptible import Interruptible, check_taken, key_of_message
from strands.types import exceptions

from .messages import copied, open_tool_use, result_message
from .reply import ModelReply

if TYPE_CHECKING:
    from strands._core.invocation import Invocation
    from strands._core.recorder import OpenTurn
    from strands.interrupt import Interrupt
    from strands.types.content import Message
    from strands.types.event_loop import StopReason

_FAR_BACK = 200
"""Messages in which one is looked for that a question is about."""


class Stopped(BaseException):
    """Hooks ask a person at a moment that is not a tool call to come. Not an `Exception`: nobody's handler swallows it.

    Args:
        interrupts: The questions.
        place: Where the agent is, and what it needs to go on from there.
        turn: The tools that were about to run, or None.
    """

    def __init__(self, interrupts: list[Interrupt], place: dict[str, Any], turn: OpenTurn | None = None) -> None:
        super().__init__(", ".join(each.name for each in interrupts))
        self.interrupts = interrupts
        self.place = place
        self.turn = turn


def let_pass(
    event: Interruptible, raised: Sequence[Interrupt], place: Callable[[], dict[str, Any]], turn: OpenTurn | None = None
) -> None:
    """Go on if the callbacks of an event ask nothing.

    Raises:
        Stopped: They do.
        SessionException: A question of this moment was answered, and nobody here took the answer.
    """
    asked = event.open_questions(raised)
    if asked:
        raise Stopped(asked, place(), turn)
    check_taken(event)


def rest(invocation: Invocation, stop: Stopped) -> AgentResult:
    """Come to rest where hooks ask."""
    agent = invocation.agent
    state, turn = agent.turn.interrupts, stop.turn
    for each in state.interrupts.values():
        if each.place is not None and each.place["then"] not in ("result", "passed"):
            each.place = None
    stop.interrupts[0].place = stop.place
    if turn is not None:
        state.activate(turn.message, list(turn.finished.values()))
    else:
        state.context, state.activated = {}, True
    agent.turn.open = turn
    if agent.turn.parent_calls:
        state.context["pause"] = uuid.uuid4().hex  # an answer that comes down is for one pause
    invocation.asked = ()
    last: Message = agent.messages[-1] if agent.messages else {"role": "assistant", "content": []}
    return finish(invocation, "interrupt", last, state.pending)


def stop_if_asked(invocation: Invocation, then: str, turn: OpenTurn | None = None) -> None:
    """Raise Stopped when hooks ask about a message that was added."""
    if invocation.asked:
        raise Stopped(list(invocation.asked), {"then": then}, turn)


def end(
    invocation: Invocation, stop_reason: StopReason, message: Message, reply: ModelReply | None = None
) -> AgentResult:
    """Return what the invocation came to, unless hooks ask about a message that was added."""
    result = finish(invocation, stop_reason, message)
    if invocation.asked:
        raise Stopped(list(invocation.asked), place_of_end(result, reply))
    return result


def finish(
    invocation: Invocation, stop_reason: StopReason, message: Message, interrupts: list[Interrupt] | None = None
) -> AgentResult:
    """Return what the invocation came to."""
    structured = invocation.structured
    return AgentResult(
        stop_reason,
        message,
        invocation.agent.event_loop_metrics,
        invocation.state.get("request_state", {}),
        interrupts,
        structured.value if structured is not None else None,
        invocation.agent.session_id,
    )


def place_of_end(result: AgentResult, reply: ModelReply | None = None) -> dict[str, Any]:
    """Return what it takes to return a result later."""
    place: dict[str, Any] = {"then": "end", "stop": result.stop_reason, "message": copied(result.message)}
    if reply is not None:
        place["reply"] = _kept(reply)
    if result.structured_output is not None:
        place["structure"] = result.structured_output.model_dump(mode="json")
    return place


def place_of_reply(invocation: Invocation, reply: ModelReply | None, error: Exception | None) -> dict[str, Any]:
    """Return what it takes to go on with a model's reply, or its error, later; a reply was paid for now."""
    if reply is None:
        return {"then": "reply", "error": kept_error(error)}
    reply.count(invocation.agent.event_loop_metrics)
    return {"then": "reply", "reply": _kept(reply)}


def _kept(reply: ModelReply) -> dict[str, Any]:
    return {
        "message": copied(reply.message),
        "stop": reply.stop_reason,
        "usage": dict(reply.usage),
        "metrics": dict(reply.metrics),
        "model_state": copied(reply.model_state),
    }


def outcome_of(place: Mapping[str, Any]) -> tuple[ModelReply | None, Exception | None]:
    """Return the reply or the error that `place_of_reply` or `place_of_end` kept."""
    kept = place.get("reply")
    if kept is None:
        return None, error_of(place.get("error"))
    reply = ModelReply(copied(kept["message"]), kept["stop"], kept["usage"], kept["metrics"])
    reply.model_state, reply.counted = copied(kept.get("model_state")), True
    return reply, None


def kept_error(error: Exception | None) -> list[str] | None:
    """Return an error as plain values."""
    return None if error is None else [type(error).__name__, str(error)]


def error_of(kept: list[str] | None) -> Exception | None:
    """Return the error that `kept_error` was given, of the same kind if it is one that this package knows."""
    if kept is None:
        return None
    name, text = kept
    kind = getattr(exceptions, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(text)
        except TypeError:
            pass
    return exceptions.ModelError(f"{name}: {text}")


async def tell_again(invocation: Invocation) -> None:
    """Tell hooks again of the messages that questions are about, as the agent goes on after those."""
    agent = invocation.agent
    known = [id for id in agent.turn.interrupts.interrupts if id.startswith(MESSAGE_ADDED)]
    if not known:
        return
    wanted = {id[len(MESSAGE_ADDED) :].partition(":")[0] for id in known}
    found: list[Message] = []
    for message in reversed(agent.messages[-_FAR_BACK:]):
        if not wanted:
            break
        key = key_of_message(message)
        if key in wanted:
            wanted.discard(key)
            found.append(message)
    for message in reversed(found):
        await invocation.tell_added(message, repeated=True)


async def close_tools(invocation: Invocation) -> None:
    """A record without the results of the newest tools, which are all there, gets them as a message."""
    agent = invocation.agent
    message, turn = open_tool_use(agent.messages), agent.turn.open
    if message is not None and turn is not None:
        await invocation.append(result_message(message, turn.finished))


def needs_reply(invocation: Invocation, place: Mapping[str, Any]) -> bool:
    """Return whether the reply that a result is of is missing in the history: a workflow's record has it last."""
    messages = invocation.agent.messages
    return "reply" in place and bool(messages) and messages[-1]["role"] == "user"


def take_structure(invocation: Invocation, place: Mapping[str, Any]) -> None:
    """Take the structure that was produced before the agent stopped."""
    structured = invocation.structured
    if structured is not None and "structure" in place:
        structured.tool.value = structured.tool.structured_output_model.model_validate(place["structure"])
