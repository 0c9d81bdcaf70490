"""One live executor in a session: what it did and is not written yet, its lease, and who waits for what."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
import time
from abc import ABC, abstractmethod
from typing import ClassVar

from strands._sync import in_sync_call
from strands._threads import Shared, in_background, on_disk
from strands.types.exceptions import SessionException

from .arrival import Arrival
from .record import Record, SessionDraft

MOMENT = 0.001
"""Seconds in which results and prompts gather that nothing waits for: together they cost one sync."""


class SessionRecorder(ABC):
    """Gathers what happens in the calls of an agent, a graph or a swarm, and writes it where something waits for it.

    Waiting for the disk is done in worker threads.
    """

    _what: ClassVar[str] = "this agent"
    _record: Record

    def __init__(self) -> None:
        self._calls = 0
        self._drafts: list[SessionDraft] = []
        self._gate = threading.Lock()
        self._swapping = threading.Lock()
        self._pid = os.getpid()
        self._turnstile = asyncio.Lock()
        self._soon = False
        self._timer: asyncio.TimerHandle | None = None
        self._added = 0
        self._durable = 0
        self._answered: set[str] = set()

    @abstractmethod
    def _note_beginning(self) -> None:
        """Note what a call brings."""

    @abstractmethod
    def _ending(self) -> SessionDraft | None:
        """Return what is to be recorded last when a call comes to its end, if anything is."""

    @property
    def invoking(self) -> bool:
        """Whether a call of the agent is under way."""
        return self._calls > 0

    async def begin(self) -> None:
        """Take the lease for one call, and write the answers that it brings.

        Raises:
            SessionException: Somebody else has it or has written, or this process was forked in the middle of a call.
        """
        self._check_process()
        if self._record.lease_is_cheap or self.invoking:
            self._begin(Arrival())
        else:
            await self._begin_elsewhere(Arrival())
        if self._drafts:
            in_background(functools.partial(self._write_quietly, False))

    async def _begin_elsewhere(self, arrival: Arrival) -> None:
        try:
            await on_disk(functools.partial(self._begin, arrival))
        except asyncio.CancelledError:
            if arrival.is_late():
                self._leave()
            raise

    def _begin(self, arrival: Arrival) -> None:
        with self._gate:  # of several threads one takes the lease, and nothing is half written while others' is sought
            is_first = not self.invoking
            if is_first or self._record.has_rested:
                self._record.begin()
            if is_first:
                self._turnstile = asyncio.Lock()
                self._timer = None  # a timer that an earlier event loop left behind will never fire
            self._calls += 1
        noted, answered = len(self._drafts), set(self._answered)
        try:
            if is_first:
                self._note_beginning()
        except BaseException:
            with self._swapping:  # what the call brought goes with it: the next one may bring another answer
                brought = [draft for draft in self._drafts[noted:] if draft.kind != "answered"]
                self._drafts[noted:], self._answered = brought, answered
            self._leave()
            raise
        if arrival.is_unwanted():
            self._leave()

    def _leave(self) -> None:
        """End a call: the last one gives the lease back."""
        with self._gate:
            self._calls -= 1
            if not self.invoking:
                self._record.end()

    def _check_process(self) -> None:
        """A forked child has copies of the locks, and of a call that is its parent's: only the parent writes that."""
        if os.getpid() == self._pid:
            return
        if self.invoking:
            raise SessionException(
                f"this process was forked in the middle of a call of {self._what}, and does not hold its lease: "
                f"nothing was written. Create {self._what} again in this process"
            )
        self._pid = os.getpid()
        self._gate, self._swapping = threading.Lock(), threading.Lock()
        self._soon = False
        self._record.forked()

    async def rest(self) -> None:
        """Write all of it, synced, and give the lease back, also when nobody waits for it any more."""
        waits = in_sync_call()
        after = None if waits else self._record.write_layout_files_soon
        resting = Shared(functools.partial(self._rest, waits), after)
        try:
            await resting.wait()
        except asyncio.CancelledError:
            late = resting.wait()
            late.add_done_callback(asyncio.Future.exception)  # the cancellation counts, whatever it came to
            await asyncio.wait([late])
            raise

    def _rest(self, waits: bool) -> None:
        self._check_process()
        try:
            self.flush(durable=True, at_end=True)
        finally:
            self._leave()
        if waits:  # who waits in a thread reads the files next
            self._record.write_layout_files()

    def _write_result_soon(self) -> None:
        """Write and sync what has gathered in a moment, with what comes meanwhile, even if the loop is held up."""
        if not self._soon:
            self._soon = True
            in_background(self._write_in_a_moment)

    def _write_in_a_moment(self) -> None:
        time.sleep(MOMENT)
        self._soon = False
        self._write_quietly(True)

    def _write_quietly(self, durable: bool) -> None:
        with contextlib.suppress(SessionException):
            self.flush(durable=durable, only_within_a_call=True)

    async def _settle(self) -> None:
        wanted = self._added
        async with self._turnstile:
            if self._durable < wanted:
                await on_disk(functools.partial(self.flush, durable=True))

    def flush(self, *, durable: bool, only_within_a_call: bool = False, at_end: bool = False) -> None:
        """Write what has gathered; blocks.

        Args:
            durable: Sync it, and what was written before.
            only_within_a_call: Do nothing where the lease has been given back meanwhile.
            at_end: A call comes to its end; if it is the only one, what is written says so.
        """
        self._check_process()
        with self._gate:
            if only_within_a_call and not self.invoking:
                return
            with self._swapping:
                drafts, added, self._drafts = self._drafts, self._added, []
            if not drafts and not self._record.lease_is_due and (not durable or self._durable == added):
                return
            ending = [self._ending()] if at_end and self._calls <= 1 else []
            try:
                self._record.write([*drafts, *filter(None, ending)], durable=durable)
            except BaseException:  # what was not written is written next, before what came since
                with self._swapping:
                    self._drafts = drafts + self._drafts
                raise
            if durable:
                self._durable = added

    def write_through(self) -> None:
        """Write what has gathered outside of a call: with a lease of its own; blocks."""
        self._check_process()
        self._record.begin()
        try:
            self.flush(durable=True, at_end=True)
        finally:
            self._record.end()
        self._record.write_layout_files()

    def _add(self, draft: SessionDraft) -> None:
        with self._swapping:
            self._drafts.append(draft)
            self._added += 1
