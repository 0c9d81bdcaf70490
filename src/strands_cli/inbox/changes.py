"""What changes in a store, for everybody who looks on: looked for once for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from strands.journal.find import find, open_questions
from strands_cli.errors import SessionError, StorageError
from strands_cli.session.refs import ref_of
from strands_cli.session.repository import SessionRepository
from strands_cli.types import Json

logger: logging.Logger = logging.getLogger(__name__)

_PAUSE, _KEPT, _SESSIONS, _ALL = 0.5, 2_000, 200, 1_000_000_000
_Questions = dict[tuple[str, str], float]
_Sessions = dict[str, tuple[str, bool, float, str]]


@dataclass(frozen=True, slots=True)
class InboxChange:
    """Something that has changed.

    Attributes:
        id: Where in the sequence of changes it stands, to go on from: `EPOCH.NUMBER`.
        kind: question.opened, question.closed, session.changed; reset where earlier ones are not known any more; or
            idle where nothing has changed for as long as was asked for.
        session: The session; "" for a reset.
        data: More about it: `ref`, or `status` and `workflow`.
    """

    id: str
    kind: str
    session: str
    data: Mapping[str, Json]


class Changes:
    """Finds changes while anybody looks on.

    Args:
        store: The store.
    """

    def __init__(self, store: SessionRepository) -> None:
        self._store = store
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._kept: deque[InboxChange] = deque(maxlen=_KEPT)
        self._woken = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._looks: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._followers = 0
        self._questions: _Questions | None = None
        self._sessions: _Sessions = {}

    def look(self) -> None:
        """Look at once: something has changed."""
        if self._looks is not None:
            self._looks.set()

    async def follow(self, after: str = "", *, idle: float | None = None) -> AsyncGenerator[InboxChange, None]:
        """Yield changes from now on, or those after the one with this id; a reset first where they are not known.

        Args:
            after: The id of a change; "" for now.
            idle: Seconds after which it is said that nothing changes; None for never.
        """
        self._begin()
        number = self._number_of(after)
        try:
            if number is None:
                number = self._number
                yield InboxChange(f"{self._epoch}.{number}", "reset", "", {})
            while True:
                woken = self._woken
                for change in self._since(number):
                    number += 1
                    yield change
                if number == self._number:
                    if woken == self._woken:
                        await self._wait(idle)
                    if idle is not None and number == self._number:
                        yield InboxChange(f"{self._epoch}.{number}", "idle", "", {})
                elif self._number - number > len(self._kept):
                    number = self._number
                    yield InboxChange(f"{self._epoch}.{number}", "reset", "", {})
        finally:
            self._followers -= 1
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task, self._questions = None, None

    def _begin(self) -> None:
        self._followers += 1
        if self._task is None:
            self._looks = asyncio.Event()
            self._task = asyncio.ensure_future(self._watch())

    def _number_of(self, after: str) -> int | None:
        """Return the number of a change; None where it, or what came after it, is not known."""
        if not after:
            return self._number
        epoch, _, number = after.partition(".")
        if epoch != self._epoch or not number.isascii() or not number.isdigit() or len(number) > 15:
            return None
        begin = int(number)
        return begin if self._number - len(self._kept) <= begin <= self._number else None

    def _since(self, number: int) -> list[InboxChange]:
        missed = self._number - number
        if not missed or missed > len(self._kept):
            return []
        return list(self._kept)[-missed:]

    async def _watch(self) -> None:
        assert self._looks is not None
        while True:
            began = time.monotonic()
            try:
                await self._compare()
            except (SessionError, StorageError) as error:
                logger.warning("what changes cannot be told: %s", error.message)
            self._looks.clear()
            pause = max(_PAUSE, 9 * (time.monotonic() - began))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._looks.wait(), pause)

    async def _compare(self) -> None:
        waiting = (await open_questions(self._store, limit=_ALL)).items
        questions = {(each.session_id, each.id): each.asked_at for each in waiting}
        newest = (await find(self._store, limit=_SESSIONS)).items
        sessions = {each.id: (each.rest, each.driven, each.updated_at, each.workflow) for each in newest}
        if self._questions is not None:
            self._tell(self._questions, questions, sessions)
        elif self._number and self._kept:  # nobody looked for a while
            self._kept.clear()
            self._number += 1
            self.wake()
        self._questions, self._sessions = questions, sessions

    def _tell(self, before: _Questions, questions: _Questions, sessions: _Sessions) -> None:
        found: list[tuple[str, str, dict[str, Json]]] = []
        for (session, key), asked_at in questions.items():
            if before.get((session, key)) != asked_at:
                found.append(("question.opened", session, {"ref": ref_of(session, key)}))
        for session, key in before.keys() - questions.keys():
            found.append(("question.closed", session, {"ref": ref_of(session, key)}))
        for session, (rest, driven, updated_at, workflow) in sessions.items():
            if self._sessions.get(session) != (rest, driven, updated_at, workflow):
                status = "running" if driven else rest
                found.append(("session.changed", session, {"status": status, "workflow": workflow}))
        for kind, session, data in found:
            self._number += 1
            self._kept.append(InboxChange(f"{self._epoch}.{self._number}", kind, session, data))
        if found:
            self.wake()

    def wake(self) -> None:
        """Have all who look on look again."""
        self._woken += 1
        for each in self._waiting:
            _settle(each)
        self._waiting.clear()

    async def _wait(self, seconds: float | None) -> None:
        """Wait to be woken, at most so many seconds; without a task, as `wait_for` takes, as there may be thousands."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        self._waiting.add(waiting)
        timer = None if seconds is None else loop.call_later(seconds, _settle, waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)
            if timer is not None:
                timer.cancel()


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
