"""`LiveSession`: a run that a user interface starts, polls, answers and comes back to."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strands_cli.api.bridge import run_sync
from strands_cli.errors import AnswerError, ExecutionError, LeaseHeldError, SessionNotFoundError, StrandsError
from strands_cli.types import HITLState, Json, OpenQuestion, RunResult

if TYPE_CHECKING:
    from strands_cli.api.earlier_names import SessionStatus
    from strands_cli.api.history import HistoryItem
    from strands_cli.api.session import Session
    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a session stands at the moment it was polled.

    Attributes:
        status: starting, running, queued, interrupted, paused, answered, failed, completed or cancelled.
        questions: What is open.
        history: The timeline so far.
        response: The final text, once completed.
        error: The cause, when it failed or could not start.
    """

    status: str
    questions: list[OpenQuestion]
    history: list[HistoryItem]
    response: str | None = None
    error: str | None = None


class LiveSession:
    """A session for frameworks that call in from outside and come back: web handlers, Streamlit, notebooks.

    It works in a background thread while there is something to do; while it waits for people there is none. Every
    method returns at once. The session outlives this object and its process: `Workflow.create_session(session_id=...)`
    takes it up again.

    Args:
        workflow: What is run.
        session_id: Names the session.
        variables: For a new session.
    """

    def __init__(self, workflow: Workflow, session_id: str, variables: Mapping[str, Any]) -> None:
        self.id = session_id
        self.result: RunResult | None = None
        self._workflow = workflow
        self._variables = variables
        self._error: str | None = None
        self._thread: threading.Thread | None = None
        self._again = False
        self._lock = threading.Lock()

    def start(self) -> LiveSession:
        """Begin, or go on with, the session in the background; nothing happens if that is under way."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, daemon=True, name=f"strands-{self.id}")
                self._thread.start()
            else:
                self._again = True
        return self

    def poll(self) -> Snapshot:
        """Return how it stands."""
        working = self._thread is not None and self._thread.is_alive()
        try:
            session = self._session()
        except SessionNotFoundError:
            return Snapshot("failed" if self._error else "starting", [], [], None, self._error)
        status = session.status
        if status in ("interrupted", "answered") and working:
            status = "running" if session.drives else "starting"
        return Snapshot(status, session.questions, session.history, session.response, session.error or self._error)

    def answer(self, question_id: str, value: Json, *, by: str | Principal | None = None) -> None:
        """Answer a question and let the run go on.

        Raises:
            InvalidAnswerError: It does not fit; the question stays open.
            AlreadyAnsweredError: Somebody was first.
        """
        from strands_cli.api.open_session import answer_all

        run_sync(lambda: answer_all(self._workflow.options, self.id, {question_id: value}, by=by))
        self.start()

    def cancel(self) -> None:
        """End the session for good.

        Raises:
            SessionFinishedError: It has ended already.
        """
        self._session().cancel()

    def wait(self, timeout: float | None = None) -> Snapshot:
        """Wait up to `timeout` seconds until it rests, and return how it stands."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return self.poll()

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

    def _session(self) -> Session:
        from strands_cli.api.session import Session

        return run_sync(lambda: Session.found(self._workflow.options, self.id))

    def _work(self) -> None:
        from strands_cli.api.session import LEASE_SECONDS, LOOK_SECONDS

        until = time.monotonic() + LEASE_SECONDS
        while True:
            self._error = None
            try:
                self.result = self._drive()
            except LeaseHeldError:
                if time.monotonic() < until:
                    time.sleep(LOOK_SECONDS)
                    continue  # another process may come to rest without having seen an answer given here
            except StrandsError as error:
                self._error = str(error)
                self.result = error.result if isinstance(error, ExecutionError) else None
            with self._lock:
                if not self._again:
                    self._thread = None
                    return
                self._again = False

    def _drive(self) -> RunResult | None:
        with contextlib.suppress(SessionNotFoundError):
            session = self._session()
            if session.status in ("completed", "cancelled"):
                return self.result
            return session.resume(user=self._workflow, spec=self._workflow.spec)
        return run_sync(lambda: self._workflow._start(None, self._variables, session_id=self.id))
