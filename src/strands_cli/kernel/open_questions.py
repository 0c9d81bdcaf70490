"""How the lanes of a run wait for answers, from a handler or from anywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from strands_cli.errors import InvalidAnswerError, LeaseLostError, NotEntitledError, QuestionExpiredError, StorageError
from strands_cli.kernel import firing, questions
from strands_cli.kernel.carried import carried
from strands_cli.kernel.clock import Stopwatch
from strands_cli.kernel.forked import PROMPTS, noted
from strands_cli.kernel.handlers import answerer, call_handler, channel_of, patient
from strands_cli.kernel.lanes import Questions
from strands_cli.kernel.state import overdue, response_of
from strands_cli.kernel.types import Answer, Entry, Paused, Question, RunCancelled
from strands_cli.kernel.watch import Watch
from strands_cli.kernel.writer import lease_lost
from strands_cli.types import AnswerLater, HITLHandler, HITLState, Json, OpenQuestion

if TYPE_CHECKING:
    from strands_cli.kernel.principal import Principal
    from strands_cli.kernel.run import Run

T = TypeVar("T")

_NONE: frozenset[str] = frozenset()
LAST_SECONDS = 10.0
"""How long the tools of a cancelled run may go on, so that what they did is on record."""


class OpenQuestions(Questions):
    """The waiting side of questions: who answers first wins, whoever it is."""

    def __init__(self, run: Run, handler: HITLHandler | None) -> None:
        self._run = run
        self._handler = handler
        self._turn: asyncio.Lock | None = None
        self._waiting: dict[str, list[_Waiter]] = {}
        self._later: frozenset[str] = _NONE
        self._timed: frozenset[str] = _NONE
        self._resting: asyncio.Task[None] | None = None
        self._body: asyncio.Task[Any] | None = None
        self._problem: BaseException | None = None
        self._until = 0.0
        self._stops = 0
        self.stopwatch: Stopwatch = Stopwatch(run.clock)

    async def attend(self, body: Awaitable[T]) -> T:
        """Return what `body` returns, looking out all the while for what others do to the session.

        Raises:
            RunCancelled: Somebody cancelled it.
            SessionError: Somebody took it over, or away.
        """
        watch = Watch.here()
        self._body = asyncio.current_task()
        watch.add(self)
        try:
            return await body
        except asyncio.CancelledError:
            if self._problem is not None:
                raise self._problem from None
            raise
        finally:
            watch.remove(self)
            self._take_back()
            self._body = None

    async def put(self, key: str, question: Question) -> None:
        """Record a question, unless it is; what a person has said to it where a mended workflow has left it, holds."""
        run = self._run
        is_timed = "remind" in question.data or "escalate" in question.data
        if is_timed:
            self._timed |= {key}
        if run.state.is_asked(key):
            if key in run.state.on_questions and "rights" in run.state.origin:
                await self._count_anew(key)
            return
        data = questions.stored(question, await run.store_clock.now() if question.timeout or is_timed else 0.0)
        if PROMPTS in run.state.origin:
            data["context"] = noted(run.state.origin, data.get("context"))
        known = carried(run.state, data) if run.state.left else None
        later = known is None and self._handler is None and run.lanes.busy == 1  # then nothing but the pause follows
        await run.record("asked", key, data, sync=True, later=later, unless=lambda: run.state.is_asked(key))
        if known is not None:
            await run.record("answered", key, known, sync=True, unless=lambda: not run.state.is_open(key))

    async def _count_anew(self, key: str) -> None:
        """Who has to answer was mended: the votes on record may be enough by now."""
        from strands_cli.kernel.votes import due

        run = self._run
        await run.decide(lambda: due(run.state, run.state.asked[key], run.clock.now()))

    async def answer(self, key: str) -> Answer:
        """Wait for the answer to the question `key`, which is on record.

        Raises:
            QuestionExpiredError: The deadline passed, and no default stands for an answer.
        """
        while True:
            state = self._run.state
            known = state.answer(key)
            if known is not None:
                return known
            if key in state.expired:
                return self._denial(state.asked[key], state.expired[key])
            if await firing.close(self._run, self._run, key):
                continue
            if key in self._timed:
                await firing.remind(self._run, self._run, key)
            if self._run.owes and (self._handler is not None or self._run.lanes.busy > 1):
                await self._run.settle()
            elif self._handler is None or key in self._later:
                await self._wait(key)
            else:
                await self._hand_over(questions.opened(state.asked[key]))

    def close(self) -> None:
        """Stop looking for answers."""
        if self._resting is not None:
            self._resting.cancel()

    # -- answers from elsewhere -----------------------------------------------------------------------------------

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Take in what others wrote: answers wake their lanes, another driver ends this one."""
        state = self._run.state
        for entry in entries:
            if entry.kind == "leased" and entry.data.get("driver") != self._run.driver:
                raise lease_lost(self._run.journal.session_id)
            state.apply(entry)
            self._run.published(entry)
            if entry.kind == "cancelled":
                raise RunCancelled
            if entry.kind in ("answered", "expired"):
                self._wake(entry.key)

    async def refresh(self) -> None:
        """Look for entries of others once."""
        run = self._run
        if not run.lock.take():
            await run.lock.turn()
        try:
            await run.take_in(await run.journal.tail(run.recorded))
        finally:
            run.lock.give_back()

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
        return waiter

    async def _wait(self, key: str) -> None:
        """Wait until the question is answered, or until every lane waits: then rest."""
        waiter = self._wait_for(key, blocked=True)
        if self._run.lanes.block(tell=False):
            try:
                await self._rest()
            except asyncio.CancelledError:  # this lane ends, the others are told all the same
                self.at_rest()
                raise
        await waiter.future

    def at_rest(self) -> None:
        """No lane can go on by itself: look for answers a last time, then pause them all."""
        self._resting = asyncio.ensure_future(self._rest())

    async def settled(self) -> None:
        """A lane has ended."""
        await self._run.settle()

    def working(self, at_work: bool) -> None:
        """Some lane is at work, or none is."""
        self.stopwatch.run(at_work)

    async def _rest(self) -> None:
        error: BaseException | None = None
        try:
            if not self._run.owes:  # else the next append tells what others wrote
                await self.refresh()
        except asyncio.CancelledError:
            raise
        except BaseException as problem:
            error = problem
        if self._run.lanes.busy and error is None:
            return
        keys = tuple(self._waiting)
        for key in keys:
            self._wake(key, error or Paused((key,)))

    @property
    def waiting(self) -> bool:
        """Whether anybody waits for an answer."""
        return bool(self._waiting)

    async def look(self) -> None:
        """Look once for what others wrote, and at the deadlines of what is waited for."""
        if self._problem is not None:
            return self._stop()
        if self._run.lock.is_taken:
            return None  # whoever writes learns of it
        try:
            await self.refresh()
        except asyncio.CancelledError:
            raise
        except StorageError as error:
            for key in tuple(self._waiting):
                self._wake(key, error)  # agents at work are told when they write
        except BaseException as problem:
            self._problem = problem
            self._until = self._run.clock.monotonic() + LAST_SECONDS
            self._stop()
        else:
            now = self._run.store_clock.about()
            for key in tuple(self._waiting):
                if overdue(self._run.state.asked[key], now):
                    self._wake(key)
            for key in self._timed:
                await firing.remind(self._run, self._run, key)
        return None

    def _stop(self) -> None:
        """End the run; the tools of a cancelled one may first come to their end, and begin nothing new."""
        cancelled = isinstance(self._problem, RunCancelled)
        if cancelled and self._run.tools and self._run.clock.monotonic() < self._until:
            return
        if self._body is not None:
            self._body.cancel()
            self._stops += 1

    def _take_back(self) -> None:
        """Let the task go on: that it was stopped is told by an error, not by its cancellation."""
        take_back = getattr(self._body, "uncancel", None)  # new in Python 3.11
        while self._stops:
            self._stops -= 1
            if take_back is not None:
                take_back()

    # -- answers from the handler ---------------------------------------------------------------------------------

    def _is_for_some(self, key: str) -> bool:
        """Whether a question is not for everybody who can be asked."""
        state = self._run.state
        return "rights" in state.origin or any(name in state.asked[key].data for name in ("ask", "quorum"))

    async def _hand_over(self, question: OpenQuestion) -> None:
        """Let the handler answer, one question at a time; an answer from elsewhere wins if it is first."""
        self._run.lanes.ask(1)
        if self._turn is None:
            self._turn = asyncio.Lock()
        try:
            async with self._turn:
                if self._run.state.is_open(question.id):
                    if self._is_for_some(question.id):
                        from strands_cli.kernel.entitled import check

                        await check(self._run, self._handler, question)
                    await self._race(question)
        except AnswerLater:
            self._later |= {question.id}
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
            state.execution_context = dict(self._run.context)
            try:
                value = await self._before_deadline(question, state)
            except asyncio.TimeoutError:
                return
            try:
                channel = channel_of(self._handler)
                await self.accept(question, value, principal=answerer(self._handler), channel=channel)
                if self._run.state.is_open(question.id):  # others have to say so, too
                    raise AnswerLater
                return
            except NotEntitledError as error:
                from strands_cli.kernel.entitled import tell

                await tell(self._handler, question, error.message, error.hint)
            except InvalidAnswerError as error:
                told = questions.without_id(question, error.message)  # it is shown with its question
                if problem == told and not patient(self._handler):
                    error.hint = f"{error.hint} It stays open: {self._run.resume_in_python()}".strip()
                    raise
                problem = told

    async def _before_deadline(self, question: OpenQuestion, state: HITLState) -> Json:
        assert self._handler is not None
        if question.deadline is None:
            return await call_handler(self._handler, state)
        left = question.deadline - self._run.store_clock.about()
        return await asyncio.wait_for(call_handler(self._handler, state), max(left, 0))

    async def accept(self, question: OpenQuestion, value: Json, *, principal: Principal, channel: str) -> None:
        """Record an answer unless somebody else was first, or the deadline.

        Raises:
            InvalidAnswerError: It does not fit the question.
            NotEntitledError: Who gives it may not.
        """
        from strands_cli.kernel.entitled import drafts

        if question.deadline is not None:
            await self._run.store_clock.now()
        await self._run.decide(partial(drafts, self._run, question.id, value, principal, channel))

    def _forget(self, key: str, waiter: _Waiter) -> None:
        waiters = self._waiting.get(key, [])
        if waiter in waiters:
            waiters.remove(waiter)
        if not waiters:
            self._waiting.pop(key, None)

    def _denial(self, asked: Entry, expired: Entry) -> Answer:
        """What nobody answered in time is denied where a tool waits for it, and fails the run elsewhere."""
        if "interrupt" in asked.data and expired.data.get("then") != "fail":
            return Answer(response_of(expired), "timeout", expired.at, timed_out=True)
        import shlex

        again = shlex.join(["strands", "sessions", "fork", self._run.journal.session_id, "--at", asked.key])
        raise QuestionExpiredError(
            f"nobody answered {asked.key!r} in time and it has no default",
            hint=f"Silence is never yes. Ask again, in a copy that keeps what is finished: {again}",
        )


class _Ended(OpenQuestions):
    """Stands for the questions of a run that has come to rest: nobody waits for them here any more."""

    def __init__(self) -> None:
        pass

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Refuse to go on: the session is somebody else's since."""
        raise LeaseLostError(
            "the run has come to rest, and others have written to its session since",
            hint="What still worked for it was not recorded.",
        )

    def at_rest(self) -> None:
        pass

    async def settled(self) -> None:
        pass

    def working(self, at_work: bool) -> None:
        pass


ENDED = _Ended()


class _Waiter(NamedTuple):
    """Somebody waits for an answer; `blocked` when its lane counts as waiting."""

    future: asyncio.Future[None]
    blocked: bool
