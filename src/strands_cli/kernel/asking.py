"""Asking: how the lanes of a run wait for answers, from a handler or from anywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from strands_cli.errors import InvalidAnswerError, LeaseLostError, QuestionExpiredError
from strands_cli.kernel import questions
from strands_cli.kernel.handlers import answerer, call_handler, patient
from strands_cli.kernel.types import Answer, Entry, Paused
from strands_cli.types import AnswerLater, HITLHandler, HITLState, Json, OpenQuestion

if TYPE_CHECKING:
    from strands_cli.kernel.run import Run

WATCH_SECONDS = 0.2
"""How often a live run with open questions looks for answers from elsewhere; one `stat` each."""


class RunCancelled(BaseException):
    """Somebody cancelled the session while it ran."""


class Asking:
    """The waiting side of questions: who answers first wins, whoever it is."""

    def __init__(self, run: Run, handler: HITLHandler | None) -> None:
        self._run = run
        self._handler = handler
        self._turn = asyncio.Lock()
        self._waiting: dict[str, list[_Waiter]] = {}
        self._later: set[str] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._resting: asyncio.Task[None] | None = None
        self.stopwatch = Stopwatch(run.clock.monotonic)

    async def answer(self, key: str) -> Answer:
        """Wait for the answer to the question `key`, which is on record."""
        while True:
            known = self._run.state.answer(key)
            if known is not None:
                return known
            question = questions.opened(self._run.state.asked[key])
            if await self._expired(question):
                continue
            if self._handler is None or key in self._later:
                await self._wait(key)
            else:
                await self._hand_over(question)

    def close(self) -> None:
        """Stop looking for answers."""
        for task in (self._watcher, self._resting):
            if task is not None:
                task.cancel()

    # -- answers from elsewhere -----------------------------------------------------------------------------------

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Take in what others wrote: answers wake their lanes, another driver ends this one."""
        state = self._run.state
        for entry in entries:
            if entry.kind == "leased" and entry.data.get("driver") != self._run.driver:
                raise LeaseLostError(
                    f"session {self._run.journal.session_id!r} was taken over by another process",
                    hint="Leave it to that process; nothing of this one was recorded since.",
                )
            state.apply(entry)
            if entry.kind == "cancelled":
                raise RunCancelled
            self._run.published(entry)
            if entry.kind == "answered":
                self._wake(entry.key)

    async def refresh(self) -> None:
        """Look for entries of others once."""
        run = self._run
        async with run.lock:
            self.absorb(await run.journal.tail(run.state.count))

    def _wake(self, key: str, error: BaseException | None = None) -> None:
        for waiter in self._waiting.pop(key, ()):
            if waiter.future.done():
                continue
            if waiter.blocked:
                self._run.lanes.unblock()
            if error is None:
                waiter.future.set_result(None)
            else:
                waiter.future.set_exception(error)

    def _wait_for(self, key: str, *, blocked: bool) -> _Waiter:
        waiter = _Waiter(asyncio.get_running_loop().create_future(), blocked)
        self._waiting.setdefault(key, []).append(waiter)
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.ensure_future(self._look_out())
        return waiter

    async def _wait(self, key: str) -> None:
        """Wait until the question is answered, or until every lane waits: then rest."""
        waiter = self._wait_for(key, blocked=True)
        self._run.lanes.block()
        await waiter.future

    def at_rest(self) -> None:
        """No lane can go on by itself: look for answers a last time, then pause them all."""
        self._resting = asyncio.ensure_future(self._rest())

    async def _rest(self) -> None:
        error: BaseException | None = None
        try:
            await self.refresh()
        except BaseException as problem:
            error = problem
        if self._run.lanes.busy and error is None:
            return
        keys = tuple(self._waiting)
        for key in keys:
            self._wake(key, error or Paused((key,)))

    async def _look_out(self) -> None:
        while self._waiting:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.refresh()
            except BaseException as problem:
                for key in tuple(self._waiting):
                    self._wake(key, problem)
                return
            now = self._run.clock.now()
            for key in tuple(self._waiting):
                deadline = self._run.state.asked[key].data.get("deadline")
                if deadline is not None and now >= deadline:
                    self._wake(key)

    async def _expired(self, question: OpenQuestion) -> bool:
        """At the deadline the default is the answer; without one the question ends the run."""
        if question.deadline is None or self._run.clock.now() < question.deadline:
            return False
        if not question.has_default:
            raise QuestionExpiredError(
                f"nobody answered {question.id!r} in time and it has no default",
                hint="Give the step a default, or a longer timeout_seconds, and start anew: silence is never yes.",
            )
        await self.accept(question, question.default, by="timeout", timed_out=True)
        return True

    # -- answers from the handler ---------------------------------------------------------------------------------

    async def _hand_over(self, question: OpenQuestion) -> None:
        """Let the handler answer, one question at a time; an answer from elsewhere wins if it is first."""
        self._run.lanes.ask(1)
        try:
            async with self._turn:
                if question.id not in self._run.state.answered:
                    await self._race(question)
        except AnswerLater:
            self._later.add(question.id)
        finally:
            self._run.lanes.ask(-1)

    async def _race(self, question: OpenQuestion) -> None:
        elsewhere = self._wait_for(question.id, blocked=False)
        asked = asyncio.ensure_future(self._asked(question))
        try:
            await asyncio.wait({asked, elsewhere.future}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not asked.done():
                asked.cancel()
                await asyncio.wait({asked})
            self._forget(question.id, elsewhere)
        if elsewhere.future.done():
            _ = asked.cancelled() or asked.exception()
            elsewhere.future.result()
        else:
            asked.result()

    async def _asked(self, question: OpenQuestion) -> None:
        problem: str | None = None
        while True:
            state = questions.handler_state(question, problem)
            try:
                value = await self._before_deadline(question, state)
            except asyncio.TimeoutError:
                return
            if value is None:
                value = ""
            try:
                channel = str(getattr(self._handler, "channel", "handler"))
                await self.accept(question, value, by=answerer(channel), channel=channel)
                return
            except InvalidAnswerError as error:
                if problem == error.message and not patient(self._handler):
                    raise
                problem = error.message

    async def _before_deadline(self, question: OpenQuestion, state: HITLState) -> Json:
        assert self._handler is not None
        if question.deadline is None:
            return await call_handler(self._handler, state)
        left = question.deadline - self._run.clock.now()
        return await asyncio.wait_for(call_handler(self._handler, state), max(left, 0))

    async def accept(
        self, question: OpenQuestion, value: Json, *, by: str, channel: str = "", timed_out: bool = False
    ) -> None:
        """Record an answer unless somebody else was first.

        Raises:
            InvalidAnswerError: It does not fit the question.
        """
        run = self._run
        if not timed_out:
            value = questions.checked(question, value)
        data: dict[str, Json] = {"value": value, "by": by}
        if channel:
            data["channel"] = channel
        owner = run.state.asked[question.id].data.get("of")
        if owner is not None:
            data["of"] = owner
        if timed_out:
            data["timed_out"] = True
        await run.record("answered", question.id, data, sync=True, unless=lambda: question.id in run.state.answered)

    def _forget(self, key: str, waiter: _Waiter) -> None:
        waiters = self._waiting.get(key, [])
        if waiter in waiters:
            waiters.remove(waiter)
        if not waiters:
            self._waiting.pop(key, None)


class _Waiter(NamedTuple):
    """Somebody waits for an answer; `blocked` when its lane counts as waiting."""

    future: asyncio.Future[None]
    blocked: bool


class Stopwatch:
    """Counts seconds, except while everything waits for people."""

    def __init__(self, monotonic: Any) -> None:
        self._monotonic = monotonic
        self._since: float | None = monotonic()
        self._total = 0.0

    def run(self, working: bool) -> None:
        """Count from now on, or stop counting."""
        if working and self._since is None:
            self._since = self._monotonic()
        elif not working and self._since is not None:
            self._total += self._monotonic() - self._since
            self._since = None

    def seconds(self) -> float:
        return self._total + (self._monotonic() - self._since if self._since is not None else 0.0)
