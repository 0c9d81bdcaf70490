"""What an agent stopped to ask inside its call, put to a person as questions of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from strands_cli.kernel import questions
from strands_cli.kernel.state import State, response_of
from strands_cli.kernel.types import Answer, Call, Message, Question
from strands_cli.types import RIGHTS, Json

if TYPE_CHECKING:
    from strands.interrupt import Interrupt
    from strands_cli.kernel.lanes import Lanes


RightsOfCalls: TypeAlias = Callable[[Sequence[tuple[str, Any]], str], Mapping[str, Json]]
"""Returns who may answer what is asked about tool calls: the calls, what kind of question."""
RightsOfCaller: TypeAlias = Callable[[str, Any], "RightsOfCalls | None"]
"""Returns that for who calls: an agent's id, and the step where it needs no agent; None where everybody may."""


class Asking(Protocol):
    """What it takes to ask: a run."""

    @property
    def state(self) -> State: ...

    @property
    def lanes(self) -> Lanes: ...

    @property
    def rights_of_calls(self) -> RightsOfCaller | None: ...

    async def ask(self, key: str, question: Question) -> Answer: ...

    def fresh_key(self, base: str) -> str: ...


async def ask_recorded(run: Asking, call: Call) -> None:
    """Ask what an earlier drive's agent asked and nobody answered, before an agent is built."""
    progress = run.state.progress(call.key)
    if progress is not None:
        pending = [item for item in progress.turn.interrupts.values() if not item.answered]
        if pending:
            await ask_interrupts(run, call, pending)


async def ask_interrupts(run: Asking, call: Call, interrupts: Sequence[Interrupt]) -> dict[str, Json]:
    """Ask what the agent of a call asks; return the answers by the ids of the interrupts."""
    keys = {item.id: _key(run, call.key, item) for item in interrupts}
    progress = run.state.progress(call.key)
    said = progress.messages if progress is not None else ()
    asked = {item.id: questions.from_interrupt(item, call.agent, call.key, said) for item in interrupts}
    rights = run.rights_of_calls(call.agent, call.act) if run.rights_of_calls is not None else None
    if rights is not None:
        asked = {item.id: _of_whom(rights, asked[item.id], item, said) for item in interrupts}
    await run.lanes.all({id_: partial(run.ask, key, asked[id_]) for id_, key in keys.items()}, named=False)
    closed = {**run.state.expired, **run.state.answered}
    return {id_: response_of(closed[key]) for id_, key in keys.items()}


def _of_whom(
    rights_of_calls: RightsOfCalls, question: Question, interrupt: Interrupt, said: Sequence[Message]
) -> Question:
    """What is asked about a call that takes an approval is asked of those who may approve it.

    Of what an agent in a tool asks, the calls under way are meant.
    """
    if interrupt.gate == "approval" and any(name in question.data for name in RIGHTS):
        return question
    reason, calls = interrupt.reason, questions.calls_about(interrupt, said)
    if question.kind == "ambiguous_tool" and isinstance(reason, Mapping) and "tool" in reason:
        calls = [(str(reason["tool"]), reason.get("input"))]
    if not calls and said:
        uses = [block["toolUse"] for block in said[-1]["content"] if "toolUse" in block]
        calls = [(str(use["name"]), use["input"]) for use in uses]
    rights = rights_of_calls(calls, question.kind)
    more = {"calls": [list(call) for call in calls]} if rights else {}
    return replace(question, data={**question.data, **rights, **more})


def _key(run: Asking, key: str, interrupt: Interrupt) -> str:
    """An answer is good for one question: what is asked again gets a key of its own."""
    known = run.state.interrupt_key(key, interrupt.id)
    if known is not None and known not in run.state.answered:
        return known
    return run.fresh_key(f"{key}/interrupts/{interrupt.id}")
