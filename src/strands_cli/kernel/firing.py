"""A run that is alive records what is due of its own questions."""

from __future__ import annotations

from typing import Protocol, cast

from strands_cli.kernel import timers
from strands_cli.kernel.clock import Clock, StoreClock
from strands_cli.kernel.types import Draft, Kind
from strands_cli.kernel.writer import Writer


class Timed(Protocol):
    """What it takes: a run."""

    @property
    def clock(self) -> Clock: ...

    @property
    def store_clock(self) -> StoreClock: ...


async def close(run: Writer, times: Timed, key: str) -> bool:
    """Close a question whose deadline has passed; False before that."""
    asked = run.state.asked[key]
    if asked.data.get("deadline") is None:
        return False
    draft = timers.closing(asked, await times.store_clock.now(), times.clock.now())
    if draft is None:
        return False
    kind = cast(Kind, draft.kind)
    await run.record(kind, key, draft.data, sync=True, unless=lambda: not run.state.is_open(key))
    return True


async def remind(run: Writer, times: Timed, key: str) -> None:
    """Record whom to remind of an open question by now, and whom to ask as well."""
    if _due(run, times, key, times.store_clock.about()):
        now = await times.store_clock.now()
        await run.decide(lambda: _due(run, times, key, now))


def _due(run: Writer, times: Timed, key: str, now: float) -> list[Draft]:
    if not run.state.is_open(key):
        return []
    return timers.due_of(run.state, run.state.asked[key], now, times.clock.now())
