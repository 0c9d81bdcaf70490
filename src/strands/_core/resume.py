"""Where a call begins: at the model with a new prompt, or in the middle of the tools of an earlier message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from strands._core.recorder import OpenTurn, raised_in
from strands._question_ids import MOMENTS
from strands._tracking import track, track_all
from strands.hooks.interruptible import key_of_message

from .messages import copied, is_answers, open_tool_use, result_message, to_messages, tool_uses, with_ambiguous

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strands._core.host import Host
    from strands._core.invocation import Invocation
    from strands.interrupt import Interrupt
    from strands.types.content import Message, Messages
    from strands.types.tools import ToolResult


class Start:
    """Where a call begins.

    Attributes:
        turn: The tools to go on with, or None.
        messages: The messages to add, or None.
        answered: The questions whose answers came with the call.
        cancelled: The questions are to be given up, because the agent was cancelled while it waited.
        place: Where hooks stopped the agent to ask, when that was not at its tools.
    """

    __slots__ = ("answered", "cancelled", "messages", "place", "turn")

    def __init__(
        self,
        turn: OpenTurn | None,
        messages: Messages | None,
        answered: list[Interrupt] | None = None,
        cancelled: bool = False,
        place: dict[str, Any] | None = None,
    ) -> None:
        self.turn: OpenTurn | None = turn
        self.messages: Messages | None = messages
        self.answered: Sequence[Interrupt] = answered or ()
        self.cancelled: bool = cancelled
        self.place: dict[str, Any] | None = place

    def where(self) -> dict[str, Any]:
        """Return what it takes to begin here again, when hooks ask before the call has begun."""
        if self.turn is not None:
            return {"then": "tools"}
        return self.place or {"then": "begin", "messages": copied(list(self.messages or ()))}

    def refused(self) -> None:
        """Take the answers back: the call was refused before it began, so they were given to nobody."""
        for interrupt in self.answered:
            interrupt.withdraw()


def begin(agent: Host, prompt: Any) -> Start:
    """Return where a call begins; answers are taken.

    Raises:
        TypeError: The agent waits for answers, and the prompt is none.
        KeyError: An answer names an unknown interrupt, or has no response.
        ValueError: The prompt cannot be used, or answers otherwise than before.
        SessionException: A hook or tool that the turn was begun with is missing.
    """
    state = agent.turn.interrupts
    if prompt is not None and not state.activated and not state.interrupts:
        return Start(None, to_messages(prompt) or None)
    if state.activated and agent.cancellation.is_set():
        return Start(None, None if is_answers(prompt) else to_messages(prompt), cancelled=True)
    place = state.place if state.interrupts else None
    if place is not None and (state.activated or prompt is None):
        if agent.turn.brought is not None:
            from .brought import check

            check(agent, [])
        answered = state.answer(prompt) if prompt is not None else None
        return Start(None, copied(place.get("messages")), answered, place=place)
    if state.activated:
        turn = _waiting_turn(agent)
        _check_brought(agent, turn)
        return Start(turn, None, state.answer(prompt) if prompt is not None else None)
    if prompt is None:
        if agent.turn.open is not None:
            _check_brought(agent, agent.turn.open)
        return Start(agent.turn.open or _given_turn(agent), None)
    messages = to_messages(prompt)
    if state.interrupts:  # another prompt gives up what was answered and not acted on
        state.forget(*MOMENTS)
    return Start(None, messages or None)


def _check_brought(agent: Host, turn: OpenTurn) -> None:
    if agent.turn.brought is not None:
        from .brought import check

        check(agent, [use["name"] for use in tool_uses(turn.message) if use["toolUseId"] not in turn.finished])


def _given_turn(agent: Host) -> OpenTurn | None:
    """A history from elsewhere may end in a tool use: nobody here can have begun it, so it runs now.

    Of a recorded one it is not known whether the tool ran, so there the call gets an error result.
    """
    if agent._session_manager is not None or agent.recorder is not None:
        return None
    message = open_tool_use(agent.messages)
    return OpenTurn(message=message) if message is not None else None


def _waiting_turn(agent: Host) -> OpenTurn:
    state = agent.turn.interrupts
    message = open_tool_use(agent.messages)
    if message is None:
        raise ValueError(
            "the agent waits for answers, but its history does not end with the tool use they are about; "
            "agent.abandon_interrupts() gives the questions up"
        )
    finished = {result["toolUseId"]: result for result in state.context.get("tool_results", [])}
    cut_off = agent.turn.open
    if cut_off is None:
        return OpenTurn(finished, message=message)
    return OpenTurn({**finished, **cut_off.finished}, cut_off.started, subagents=cut_off.subagents, message=message)


async def repair(invocation: Invocation) -> None:
    """A history that ends in an unanswered tool use gets error results, so that a model accepts it."""
    agent = invocation.agent
    message = open_tool_use(agent.messages)
    if message is None:
        return
    turn = agent.turn.open
    results: dict[str, ToolResult] = {}
    if turn is not None:
        results = with_ambiguous(turn.finished, turn.started)
    await invocation.append(result_message(message, results))


async def give_up(agent: Host) -> list[Interrupt]:
    """Give up all questions outside of a call, and have that stored."""
    given_up = await abandon(agent)
    if given_up:
        store(agent)
    return given_up


def store(agent: Host) -> None:
    """Have the agent's session keep what changed outside of a call."""
    sync = getattr(agent._session_manager, "sync_agent", None)
    if sync is not None:
        sync(agent)


async def abandon(
    agent: Host, text: str = "The question about this call was given up; it was not run."
) -> list[Interrupt]:
    """Give up all questions: the tools that waited get error results with this text."""
    from strands.hooks.events import MessageAddedEvent

    state = agent.turn.interrupts
    if not state.activated:
        return []
    given_up = state.pending
    message = open_tool_use(agent.messages)
    results: dict[str, ToolResult] = {each["toolUseId"]: each for each in state.context.get("tool_results", [])}
    state.deactivate()
    agent.turn.open = None
    if message is not None:
        answer = result_message(message, results, text)
        track(answer)
        agent.messages.append(answer)
        if agent.hooks.listens(MessageAddedEvent):
            await agent.hooks.invoke_callbacks_async(MessageAddedEvent(agent=agent, message=answer))
            state.deactivate()  # whoever asks about this is not heard
    return given_up


def restore(agent: Host, messages: Messages, turn: OpenTurn | None) -> None:
    """Put an agent where a recorded one stopped."""
    track_all(messages)
    agent.messages = messages
    agent.turn.interrupts.deactivate()
    agent.turn.open = None
    if turn is None:
        return
    state = agent.turn.interrupts
    state.interrupts = dict(turn.interrupts)
    message, place = open_tool_use(messages), state.place
    if place is not None:
        _restore_at(agent, place, message, turn)
        return
    if message is None:
        state.interrupts = {}
        return
    at_rest = {raised_in(interrupt) for interrupt in turn.interrupts.values() if not interrupt.answered}
    started = {id: start for id, start in turn.started.items() if id not in at_rest}
    inside = {id: inside for id, inside in turn.subagents.items() if id not in at_rest}
    agent.turn.open = OpenTurn(dict(turn.finished), started, subagents=inside, message=message)
    if state.pending:
        state.activate(message, list(cast("dict[str, Any]", turn.finished).values()))
        if turn.pause:
            state.context["pause"] = turn.pause


def _restore_at(agent: Host, place: Mapping[str, Any], message: Message | None, turn: OpenTurn) -> None:
    """Put an agent where hooks stopped it to ask, not at its tools."""
    state = agent.turn.interrupts
    state.activated = bool(state.pending)
    if turn.pause and state.activated:
        state.context["pause"] = turn.pause
    if message is not None:
        agent.turn.open = OpenTurn(dict(turn.finished), message=message)
    begun: list[Message] = place.get("messages") or []
    if begun and _say_the_same(agent.messages[-len(begun) :], begun):
        agent.messages = agent.messages[: -len(begun)]  # a workflow's record has the prompt first


def _say_the_same(some: list[Message], others: list[Message]) -> bool:
    return [key_of_message(each) for each in some] == [key_of_message(each) for each in others]
