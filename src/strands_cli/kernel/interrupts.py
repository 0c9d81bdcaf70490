"""What an agent stopped to ask inside its call, put to a person as questions of the run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from strands_cli.kernel import questions
from strands_cli.kernel.state import State, response_of
from strands_cli.kernel.types import Answer, Call, Question
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.interrupt import Interrupt
    from strands_cli.kernel.lanes import Lanes


class Asking(Protocol):
    """What it takes to ask: a run."""

    @property
    def state(self) -> State: ...

    @property
    def lanes(self) -> Lanes: ...

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
    await run.lanes.all({id_: partial(run.ask, key, asked[id_]) for id_, key in keys.items()}, named=False)
    closed = {**run.state.expired, **run.state.answered}
    return {id_: response_of(closed[key]) for id_, key in keys.items()}


def _key(run: Asking, key: str, interrupt: Interrupt) -> str:
    """An answer is good for one question: what is asked again gets a key of its own."""
    known = run.state.interrupt_key(key, interrupt.id)
    if known is not None and known not in run.state.answered:
        return known
    return run.fresh_key(f"{key}/interrupts/{interrupt.id}")
