"""`drive`: run a pattern over a session's journal until it rests: done, failed, paused or cancelled."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from strands_cli.errors import (
    ExecutionError,
    LeaseHeldError,
    LeaseLostError,
    SessionError,
    SessionFinishedError,
    StorageError,
    StrandsError,
    cause,
)
from strands_cli.kernel import timers
from strands_cli.kernel.clock import Clock
from strands_cli.kernel.journal import Journal, is_alive
from strands_cli.kernel.layers import Layer, layered
from strands_cli.kernel.run import Run
from strands_cli.kernel.state import State
from strands_cli.kernel.types import CallAgent, Entry, Kind, Outcome, Paused, RunCancelled
from strands_cli.types import HITLHandler, Json, RunStatus

Body: TypeAlias = Callable[[Run], Awaitable[Outcome]]


@dataclass(slots=True)
class DriveResult:
    """Where a drive came to rest.

    Attributes:
        status: completed, paused, failed or cancelled.
        state: The fold of the whole journal.
        outcome: What the pattern came to, when completed (or when it said no itself).
        error: The cause of a failure.
        seconds: Seconds of work over all drives, without waiting for people.
    """

    status: RunStatus
    state: State
    outcome: Outcome | None = None
    error: BaseException | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class DriveOptions:
    """What a drive is given from outside: who answers, what time it is, who listens.

    `admit` is asked under the lease, before anything is recorded: it raises where the session may not be driven here,
    and returns what the drive changes of the session's `origin`. `scrub` takes secrets out of prompts. A drive that is
    `queued` leaves the session to another worker where it comes to no rest.
    """

    handler: HITLHandler | None = None
    clock: Clock | None = None
    layers: Sequence[Layer] = ()
    max_parallel: int | None = None
    publish: Callable[[Entry, State], None] | None = None
    token: Callable[[str, str, str, bool], None] | None = None
    finish: Callable[[Outcome], Awaitable[None]] | None = None
    admit: Callable[[State], Awaitable[Mapping[str, Json]]] | None = None
    scrub: Callable[[str], str] | None = None
    queued: bool = False


async def drive(journal: Journal, body: Body, perform: CallAgent, around: DriveOptions) -> DriveResult:
    """Run `body` under the session's lease until it rests.

    Args:
        journal: The session; its `opened` entry is on record.
        body: The pattern, bound to its configuration and inputs.
        perform: Does an agent call.
        around: Handler, layers, listeners; `finish` runs before a completed run is closed.

    Raises:
        LeaseHeldError: Another driver is alive.
        SessionFinishedError: Nothing is left to run.
        StorageError: The journal cannot be written; what was recorded stays.
    """
    async with journal.lease() as driver:
        state = State(await journal.load())
        if state.finished:
            raise SessionFinishedError(
                f"session {journal.session_id!r} is {state.status}",
                hint=f"Look at it: strands sessions show {journal.session_id}. To run again, start anew.",
            )
        if state.driver and await is_alive(journal, state.driver):
            raise held(journal)
        run = Run(
            journal,
            state,
            handler=around.handler,
            clock=around.clock,
            max_parallel=around.max_parallel,
            publish=around.publish,
            token=around.token,
            driver=driver,
            scrub=around.scrub,
        )
        run.perform = layered(run, run.limited(perform), around.layers)
        terms = await around.admit(state) if around.admit is not None else {}
        run.unheard = state.unheard
        await run.record("leased", "", {"driver": driver, **terms}, later=True)
        try:
            return await _to_rest(run, body, around)
        except RunCancelled:
            return DriveResult("cancelled", run.state, seconds=run.seconds())
        except LeaseLostError as error:
            if run.is_leased:
                raise
            raise held(journal) from error
        finally:
            run.asking.close()
            if run.state.driver == driver:
                with contextlib.suppress(StrandsError, RunCancelled):
                    left: Kind = "queued" if around.queued else "released"
                    await run.record(left, "", {"seconds": round(run.asking.stopwatch.seconds(), 6)})
            with contextlib.suppress(StrandsError):
                await run.settle()
            run.end()


def held(journal: Journal) -> LeaseHeldError:
    """Return the error for a session that somebody else drives."""
    return LeaseHeldError(
        f"session {journal.session_id!r} is being run by another process",
        hint="Wait until it rests, then resume; answers can be given at any time: strands sessions answer.",
    )


async def _to_rest(run: Run, body: Body, around: DriveOptions) -> DriveResult:
    while True:
        run.lanes.failures = ()
        try:
            alone = run.spending is None and around.finish is None
            outcome = await run.asking.attend(body(run) if alone else _all_of(run, body, around))
        except Paused as pause:
            rest = await _paused(run, pause.keys)
            if rest is not None:
                return rest
            continue  # what is recorded is looked up, so this goes on from the answers
        except (SessionError, StorageError):
            raise
        except Exception as error:
            rest = await _failed(run, error)
        else:
            if outcome.error is None:
                rest = await _rest(run, "completed", outcome=outcome)
            else:
                rest = await _failed(run, ExecutionError(outcome.error), outcome)
        if rest is not None:
            return rest


async def _all_of(run: Run, body: Body, around: DriveOptions) -> Outcome:
    outcome = await body(run)
    if run.spending is not None:
        await run.spending.settle()
    if outcome.error is None and around.finish is not None:
        await run.settle()
        await around.finish(outcome)
    return outcome


async def _paused(run: Run, keys: Sequence[str]) -> DriveResult | None:
    """Rest until somebody answers; None when somebody has, or a deadline has passed, by the time it is written."""
    waiting = _open(run)
    data: dict[str, Json] = {"seconds": round(run.asking.stopwatch.seconds(), 6), "questions": list(keys)}
    if await run.record("paused", "", data, unless=partial(_goes_on, run, keys, waiting)) is None:
        return None
    return DriveResult("paused", run.state, seconds=run.state.seconds)


def _goes_on(run: Run, keys: Sequence[str], waiting: Sequence[str]) -> bool:
    return not timers.all_open(run.state, keys, run.store_clock.about()) or _is_answered(run, waiting)


def _open(run: Run) -> list[str]:
    return [entry.key for entry in run.state.open_questions()]


def _is_answered(run: Run, waiting: Sequence[str]) -> bool:
    """Whether somebody has answered, since nothing goes on here any more, one of the questions that were open then."""
    return not all(map(run.state.is_open, waiting))


async def _failed(run: Run, error: Exception, outcome: Outcome | None = None) -> DriveResult | None:
    """Rest with a failure; None when somebody has answered meanwhile: what failed is tried again, as by a resume."""
    unless = partial(_is_answered, run, _open(run))
    return await _rest(run, "failed", outcome=outcome, error=error, unless=unless)


async def _rest(
    run: Run,
    status: RunStatus,
    *,
    outcome: Outcome | None = None,
    error: Exception | None = None,
    unless: Callable[[], bool] | None = None,
) -> DriveResult | None:
    if run.state.finished:
        raise RunCancelled
    data: dict[str, Json] = {"seconds": round(run.asking.stopwatch.seconds(), 6)}
    if outcome is not None:
        data.update(response=outcome.response, agent=outcome.agent)
    if error is not None:
        data.update(_told(run, error))
    kind: Kind = "closed" if status == "completed" else "failed"
    if await run.record(kind, "", data, sync=status == "completed", unless=unless) is None:
        return None
    return DriveResult(status, run.state, outcome, error, run.state.seconds)


def _told(run: Run, error: Exception) -> dict[str, Json]:
    """Return what is recorded of a failure: its step, where it has one, and what failed beside it."""
    data: dict[str, Json] = {"error": _words(error), "error_type": type(error).__name__}
    steps = {id(failure): step for step, failure in run.failures}
    if id(error) in steps:
        data["step"] = steps[id(error)]
    others = {id(other): (lane, other) for lane, other in run.lanes.failures if other is not error}
    if others:
        data["also"] = [
            {"step": steps.get(number, lane), "error": _words(other), "error_type": type(other).__name__}
            for number, (lane, other) in others.items()
        ]
    return data


def _words(error: BaseException) -> str:
    return cause(error) if isinstance(error, StrandsError) else f"{type(error).__name__}: {cause(error)}"
