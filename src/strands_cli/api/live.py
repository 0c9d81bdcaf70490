"""`LiveSession`: a run that a user interface starts, polls, answers and comes back to."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from strands_cli.api.background import Background
from strands_cli.api.bridge import run_sync
from strands_cli.errors import AnswerError, ExecutionError, LeaseHeldError, SessionNotFoundError, StrandsError
from strands_cli.types import HITLState, Json, OpenQuestion, RunResult

if TYPE_CHECKING:
    from concurrent.futures import Future

    from strands_cli.api.earlier_names import SessionStatus
    from strands_cli.api.history import HistoryItem
    from strands_cli.api.options import Options
    from strands_cli.api.session import Session
    from strands_cli.kernel.principal import Principal
    from strands_cli.spec.root import Spec


_LEFT = ("interrupted", "failed")
"""How a session stands that nobody goes on with by themselves."""


class LiveWorkflow(Protocol):
    """What of a `Workflow` a live session runs."""

    spec: Spec

    @property
    def options(self) -> Options: ...

    async def begin_async(self, variables: Mapping[str, Any], session_id: str, *, queued: bool) -> None: ...

    async def run_async(
        self, *, session_id: str | None = None, variables: Mapping[str, Any] | None = None
    ) -> RunResult: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a session stands at the moment it was polled.

    Attributes:
        status: starting, running, queued, interrupted, paused, answered, failed, completed or cancelled.
        questions: What is open.
        history: The timeline so far.
        response: The final text, once completed.
        error: The cause, when it failed or could not start.
        execution_context: What each part of the pattern has produced so far, as `RunResult` has it.
    """

    status: str
    questions: list[OpenQuestion]
    history: list[HistoryItem]
    response: str | None = None
    error: str | None = None
    execution_context: dict[str, Json] = field(default_factory=dict)


class LiveSession:
    """A session for frameworks that call in from outside and come back: web handlers, Streamlit, notebooks.

    It works in the background while there is something to do; while it waits for people nothing does. Every method
    returns at once but `wait`. In a coroutine, as a web handler often is, use those that end in `_async`: they hold up
    nobody else. The session outlives this object and its process: `Workflow.create_session(session_id=...)` takes it up
    again.

    Args:
        workflow: What is run.
        session_id: Names the session.
        variables: For a new session.
        by_worker: It is left to a worker, and nothing runs in this process.
    """

    def __init__(
        self, workflow: LiveWorkflow, session_id: str, variables: Mapping[str, Any], *, by_worker: bool = False
    ) -> None:
        self.id = session_id
        self.result: RunResult | None = None
        self._workflow = workflow
        self._variables = variables
        self._by_worker = by_worker
        self._error: str | None = None
        self._work: Future[None] | None = None
        self._again = False
        self._lock = threading.Lock()

    async def start_async(self) -> LiveSession:
        """Begin, or go on with, the session. It is on record when this returns, so any process finds it by its id.

        Raises:
            InputError: A variable is missing, unknown or of the wrong type; nothing was begun.
            ProviderNotReadyError: A key or a package is missing; nothing was begun.
        """
        try:
            session = await self.session_async()
        except SessionNotFoundError:
            await self._workflow.begin_async(self._variables, self.id, queued=self._by_worker)
        else:
            if self._by_worker and session.status in _LEFT:
                await session.queue_async()
        return self if self._by_worker else self._begun()

    def start(self) -> LiveSession:
        """Begin, or go on with, the session in the background; nothing happens if that is under way.

        What is wrong with its variables is told by `poll`. With `by_worker` this does as `start_async`.
        """
        return run_sync(self.start_async) if self._by_worker else self._begun()

    def _begun(self) -> LiveSession:
        with self._lock:
            if not self._is_at_work:
                self._work = Background.here().begin(self._drive_on())
            else:
                self._again = True
        return self

    async def poll_async(self) -> Snapshot:
        """Return how it stands."""
        working = self._is_at_work
        try:
            session = await self.session_async()
        except SessionNotFoundError:
            return Snapshot("failed" if self._error else "starting", [], [], None, self._error)
        status = session.status
        if status in ("interrupted", "answered") and working:
            status = "running" if session.drives else "starting"
        error, done = session.error or self._error, session.execution_context
        return Snapshot(status, session.questions, session.history, session.response, error, done)

    def poll(self) -> Snapshot:
        """Return how it stands."""
        return run_sync(self.poll_async)

    async def answer_async(self, question_id: str, value: Json, *, by: str | Principal | None = None) -> None:
        """Answer a question and let the run go on.

        Raises:
            InvalidAnswerError: It does not fit; the question stays open.
            AlreadyAnsweredError: Somebody was first.
            NotEntitledError: Who answers may not.
        """
        from strands_cli.api.open_session import answer_all

        await answer_all(self._workflow.options, self.id, {question_id: value}, by=by)
        if not self._by_worker:  # a worker hears of it by itself
            self._begun()

    def answer(self, question_id: str, value: Json, *, by: str | Principal | None = None) -> None:
        """Answer a question as `answer_async` does."""
        run_sync(lambda: self.answer_async(question_id, value, by=by))

    async def cancel_async(self) -> None:
        """End the session for good.

        Raises:
            SessionFinishedError: It has ended already.
        """
        await (await self.session_async()).cancel_async()

    def cancel(self) -> None:
        """End the session as `cancel_async` does."""
        run_sync(self.cancel_async)

    async def wait_async(self, timeout: float | None = None) -> Snapshot:
        """Wait up to `timeout` seconds until it rests, and return how it stands; a worker's work is not waited for."""
        work = self._work
        if work is not None:
            await asyncio.wait([asyncio.wrap_future(work)], timeout=timeout)
        return await self.poll_async()

    def wait(self, timeout: float | None = None) -> Snapshot:
        """Wait as `wait_async` does."""
        work = self._work
        if work is not None:
            concurrent.futures.wait([work], timeout)
        return self.poll()

    async def session_async(self) -> Session:
        """Return the session as it is now, with all that can be asked of it or done to it.

        Raises:
            SessionNotFoundError: It is not on record yet.
        """
        from strands_cli.api.session import Session

        return await Session.found(self._workflow.options, self.id)

    def session(self) -> Session:
        """Return the session as `session_async` does."""
        return run_sync(self.session_async)

    # -- as strands-cli 0.3 calls it ------------------------------------------------------------------------------

    @property
    def session_id(self) -> str:
        """`id`."""
        return self.id

    @property
    def state(self) -> SessionStatus:
        """The status: its `value` is the text that `poll().status` is; a session that starts is running."""
        from strands_cli.api.earlier_names import SessionStatus

        status = self.poll().status
        return SessionStatus("running" if status == "starting" else status)

    def is_running(self) -> bool:
        """Whether it is at work, or about to be."""
        return self.poll().status in ("starting", "running", "answered", "queued")

    def is_paused(self) -> bool:
        """Whether it waits for an answer."""
        return self.poll().status == "paused"

    def is_complete(self) -> bool:
        """Whether it has come to its end."""
        return self.poll().status == "completed"

    def is_failed(self) -> bool:
        """Whether it failed, was cancelled or was interrupted."""
        return self.poll().status in ("failed", "cancelled", "interrupted")

    def get_hitl_state(self) -> HITLState | None:
        """Return the first open question, or None."""
        from strands_cli.kernel.questions import handler_state

        asked = self.poll().questions
        return handler_state(asked[0]) if asked else None

    def get_result(self) -> RunResult | None:
        """Return what it came to here; None while it works, or where another process ended it."""
        return self.result

    def get_error(self) -> str | None:
        """Return why it failed, or None."""
        return self.poll().error

    def resume(self, response: Json) -> None:
        """Answer the first open question and let the run go on, as `answer` does.

        Raises:
            AnswerError: Nothing is asked.
        """
        asked = self.poll().questions
        if not asked:
            raise AnswerError(f"session {self.id!r}: no question is open, so the answer fits none")
        self.answer(asked[0].id, response)

    @property
    def _is_at_work(self) -> bool:
        return self._work is not None and not self._work.done()

    async def _drive_on(self) -> None:
        from strands_cli.api.session import LEASE_SECONDS, LOOK_SECONDS

        until = time.monotonic() + LEASE_SECONDS
        while True:
            self._error = None
            try:
                self.result = await self._driven()
            except LeaseHeldError:
                if time.monotonic() < until:
                    await asyncio.sleep(LOOK_SECONDS)
                    continue  # another process may come to rest without having seen an answer given here
            except StrandsError as error:
                self._error = str(error)
                self.result = error.result if isinstance(error, ExecutionError) else None
            with self._lock:
                if not self._again:
                    self._work = None
                    return
                self._again = False

    async def _driven(self) -> RunResult | None:
        try:
            session = await self.session_async()
        except SessionNotFoundError:
            return await self._workflow.run_async(session_id=self.id, variables=self._variables)
        if session.status in ("completed", "cancelled"):
            return self.result
        return await session.resume_async(user=self._workflow, spec=self._workflow.spec)
