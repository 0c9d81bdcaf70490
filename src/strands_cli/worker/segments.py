"""Segments: one drive of a session each, from where it rests to where it rests next, in a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from strands.journal.excerpt import now_of
from strands.journal.find import is_due
from strands.journal.projection import change_of
from strands_cli.api.options import Options
from strands_cli.api.session import Session
from strands_cli.errors import (
    ExecutionError,
    LeaseHeldError,
    LeaseLostError,
    SessionFinishedError,
    SessionNotFoundError,
    StorageError,
    StrandsError,
)
from strands_cli.kernel.state import State
from strands_cli.worker.engine import DriveOutcome, Wake

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import AgentReply, Call, CallAgent, Entry
    from strands_cli.session.repository import SessionRepository

REFUSED_SECONDS = 30.0
"""For how long a worker does not look again at a session that it is unfit for."""

_FORGOTTEN_SECONDS = 4 * REFUSED_SECONDS
"""A session that a worker has not been asked about again for so long is not one that waits for it."""

_MANY_DEATHS, _LONGEST_PAUSE = 4, 300.0
"""After so many drives in a row that died before anything was on record the next one waits, at most so many seconds."""

_LAST_SECONDS = 10.0
"""How long what is broken off may take to end."""

_SETTLING = 0.2
"""Seconds in which what has just ended beside a step that is not begun comes to be on record."""


class Refusal(NamedTuple):
    """Why a worker does not drive a session.

    Attributes:
        reason: What it lacks, in a line.
        at: Unix time in seconds.
        lasts: The worker is not asked again for a while; else what failed is tried again soon.
    """

    reason: str
    at: float
    lasts: bool = True


class Tell(Protocol):
    """Told of what a worker does: a word for it, the session that it is about, and plain data."""

    def __call__(self, event: str, session_id: str = "", /, **more: object) -> None: ...


class Segments:
    """The sessions that a worker drives.

    Args:
        store: Where they are kept.
        workflows: What it can drive, by the workflows' names.
        tell: Told of how each drive ends.
        only_served: Leave what was begun by hand, and interrupted, to whoever began it.
        base_dir: What stands in for the directory in which a session was started, where that is not on this machine;
            default: the current one.

    Attributes:
        unfit: Session id to why it was refused last.
        draining: No step is begun any more.
    """

    def __init__(
        self,
        store: SessionRepository,
        workflows: Mapping[str, Workflow],
        tell: Tell,
        *,
        only_served: bool = False,
        base_dir: Path | None = None,
    ) -> None:
        self.unfit: dict[str, Refusal] = {}
        self.draining: bool = False
        self._store = store
        self._workflows = workflows
        self._tell = tell
        self._only_served = only_served
        self._base_dir = base_dir
        self._tasks: dict[asyncio.Task[DriveOutcome], Segment] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    async def drive(self, wake: Wake) -> DriveOutcome:
        """Take a session on until it rests; see `Drive`. Who stops waiting for it does not stop it."""
        if self.draining:
            return "unfit"
        own = str(getattr(self._store, "namespace", ""))
        if wake.namespace != own:
            reason = f"it is of the namespace {wake.namespace!r}, and this worker of {own!r}: they need a queue each"
            return self._refuse(wake.session_id, reason)
        segment = Segment(self)
        task = segment.task = asyncio.ensure_future(self._drive(wake.session_id, segment))
        self._tasks[task] = segment
        task.add_done_callback(self._tasks.pop)
        return await asyncio.shield(task)

    async def drained(self, grace: float) -> None:
        """Begin no further step, and return when every session rests or was given back.

        Args:
            grace: Seconds after which steps that are at work are broken off.
        """
        self.draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for segment in list(self._tasks.values()):
            segment.give_back()
        if self._tasks:  # what does not end by itself ends with the process, and its lease with it
            await asyncio.wait(self._tasks, timeout=_LAST_SECONDS)

    def refused(self) -> list[str]:
        """Return the sessions that this worker has found itself unfit for and need not be asked about yet."""
        oldest = time.time() - REFUSED_SECONDS
        return [session_id for session_id, refusal in self.unfit.items() if refusal.lasts and refusal.at > oldest]

    def reasons(self) -> dict[str, str]:
        """Return why this worker does not drive sessions that wait for it, by their ids."""
        oldest = time.time() - _FORGOTTEN_SECONDS
        for session_id in [each for each, refusal in self.unfit.items() if refusal.at < oldest]:
            del self.unfit[session_id]
        return {session_id: refusal.reason for session_id, refusal in self.unfit.items()}

    async def _drive(self, session_id: str, segment: Segment) -> DriveOutcome:
        began = time.monotonic()
        try:
            outcome = await self._to_rest(session_id, segment)
        except asyncio.CancelledError:
            if not segment.given_back:
                raise
            self._tell("given back", session_id)
            return "elsewhere"
        except Exception as error:
            problem = f"{type(error).__name__}: {error}".partition("\n")[0]
            self.unfit[session_id] = Refusal(problem, time.time(), lasts=False)
            raise
        if outcome != "unfit":
            self.unfit.pop(session_id, None)
        if outcome not in ("unfit", "elsewhere"):
            reason = {"reason": segment.problem} if segment.problem else {}
            self._tell(outcome, session_id, seconds=round(time.monotonic() - began, 3), **reason)
        return outcome

    async def _to_rest(self, session_id: str, segment: Segment) -> DriveOutcome:
        try:
            journal = await self._store.open(session_id)
            known = Session(journal, State(), Options(repository=self._store))
            await known.refresh_async()
            entries, now = await journal.load(), await now_of(self._store)
            if known.is_over or not is_due(entries, now):
                return "elsewhere"  # the wake comes late, or again: what has failed is not tried once more by itself
            if self._only_served and _is_by_hand(entries):
                return self._refuse(session_id, "it was begun by hand and interrupted: go on with strands resume")
            died, pause = _pause_after_deaths(entries, now)
            if pause > 0:
                return self._refuse(
                    session_id, f"{died} drives of it in a row have died; it waits a while", lasts=False
                )
            workflow = self._workflows.get(known.workflow_name)
            if workflow is None:
                return self._refuse(session_id, f"it has no workflow {known.workflow_name!r}")
            given = workflow.options
            options = replace(given, repository=self._store, queued=True, layers=(segment.layer,))
            options.directory = self._base_dir or given.directory
            session = Session(journal, State(), options)
            await session.refresh_async()
            if session_id not in self.unfit:  # else it most likely is refused again
                self._tell("driving", session_id, workflow=known.workflow_name)
            result = await session.resume_async(user=workflow)
            segment.problem = (result.error_message or "").partition("\n")[0]
            return result.status
        except (SessionNotFoundError, LeaseHeldError, LeaseLostError, SessionFinishedError):
            return "elsewhere"
        except StorageError:
            raise
        except ExecutionError as error:
            if error.result is None:
                return self._refuse(session_id, error.message)
            segment.problem = error.message
            return "failed"
        except StrandsError as error:
            return self._refuse(session_id, error.message)

    def _refuse(self, session_id: str, reason: str, *, lasts: bool = True) -> DriveOutcome:
        known = self.unfit.get(session_id)
        self.unfit[session_id] = Refusal(reason, time.time(), lasts)
        if known is None or known.reason != reason:
            self._tell("unfit", session_id, reason=reason)
        return "unfit"


def _is_by_hand(entries: Sequence[Entry]) -> bool:
    """Return whether a session was begun by hand, and its drive ended without a word."""
    change = change_of(entries, 0)
    is_served = entries[0].data.get("drive") == "server" or any(entry.kind == "queued" for entry in entries)
    return not (is_served or change.pauses or change.wakes)


def _pause_after_deaths(entries: Sequence[Entry], now: float) -> tuple[int, float]:
    """Return how many drives have died in a row without anything to show, and for how many seconds the next one waits.

    A session over which each process dies would else take one worker after the other, with all that they drive.
    """
    died, last = 0, 0.0
    for entry in reversed(entries):
        if entry.kind == "leased":
            died, last = died + 1, last or entry.at
        elif entry.kind not in ("started", "noted", "retry"):
            break
    if died < _MANY_DEATHS or last > now:  # a clock that is ahead makes nobody wait
        return died, 0.0
    return died, last + min(2.0**died, _LONGEST_PAUSE) - now


class Segment:
    """One drive, as far as it can be given back: before a step, when no other is at work, or at once.

    Attributes:
        task: What drives.
        given_back: It was told to end although the session does not rest.
        problem: Why the session failed, in a line; "" if it did not.
    """

    task: asyncio.Task[DriveOutcome]

    def __init__(self, segments: Segments) -> None:
        self.given_back: bool = False
        self.problem: str = ""
        self._segments = segments
        self._at_work = 0
        self._idle = asyncio.Event()

    def layer(self, run: Run, perform: CallAgent) -> CallAgent:
        """Return what stands around the steps of the drive."""
        return partial(self._step, perform)

    def give_back(self) -> None:
        """End the drive; the session is queued again."""
        self.given_back = True
        self.task.cancel()

    async def _step(self, perform: CallAgent, call: Call) -> AgentReply:
        if self._segments.draining:
            await self._end()
        self._at_work += 1
        self._idle.clear()
        try:
            return await perform(call)
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def _end(self) -> None:
        """Wait until no step is at work, then end; what comes to its end meanwhile is on record."""
        if self._at_work:
            await self._idle.wait()
            await asyncio.sleep(_SETTLING)
        if not self.given_back:
            self.give_back()
        await asyncio.Event().wait()
