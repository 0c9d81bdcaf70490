"""`Service`: starts workflows for callers, takes their answers, and goes on, whatever process ran them before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from strands_cli.api.session import Session
from strands_cli.callers.questions import is_for_caller
from strands_cli.errors import (
    AlreadyAnsweredError,
    AnswerError,
    ChangedQuestionError,
    ExecutionError,
    LeaseHeldError,
    SessionError,
    SessionFinishedError,
    SessionNotFoundError,
    StorageError,
    StrandsError,
)
from strands_cli.kernel.events import Event
from strands_cli.types import Json, OpenQuestion, RunResult

if TYPE_CHECKING:
    from strands.journal.find import SessionSummary
    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.principal import Principal

Listener: TypeAlias = Callable[[Event], Any]
"""Told of every event of a run."""

LOOK_SECONDS = 0.1
"""How often a session that another process runs is looked at."""


@dataclass(frozen=True)
class SessionReport:
    """How a session stands.

    Attributes:
        session: Its id.
        workflow: The name of its workflow.
        status: completed, paused, failed, cancelled, and of one that is only looked at also running and interrupted.
        text: The last response, or the cause of a failure.
        questions: What is open.
        artifacts: The files that it wrote.
    """

    session: str
    workflow: str
    status: str
    text: str = ""
    questions: list[OpenQuestion] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)

    def for_caller(self) -> list[OpenQuestion]:
        """Return the open questions that a caller may bring answers to."""
        return [each for each in self.questions if is_for_caller(each)]

    def for_people(self) -> list[OpenQuestion]:
        """Return the open questions that people alone answer."""
        return [each for each in self.questions if not is_for_caller(each)]


class Service:
    """Some workflows, for callers.

    Args:
        workflows: What may be called, by name.
        url: The address of the server at which people answer; "" for none.
    """

    def __init__(self, workflows: Mapping[str, Workflow], *, url: str = "") -> None:
        self.workflows: dict[str, Workflow] = dict(workflows)
        self.url: str = url.rstrip("/")

    async def start(
        self,
        workflow: Workflow,
        variables: Mapping[str, Json],
        caller: Principal,
        *,
        session_id: str | None = None,
        listener: Listener | None = None,
    ) -> SessionReport:
        """Run a workflow until it rests.

        Raises:
            InputError: A variable is missing or wrong; nothing was run.
            StrandsError: It cannot be run.
        """
        session = await workflow.open(variables, session_id=session_id, started_by=caller)
        try:
            return await self._driven(workflow, session, listener)
        except StrandsError:  # the caller is told, so nobody is to run it later
            with contextlib.suppress(SessionFinishedError):
                await session.cancel_async(by=caller.shown)
            raise

    async def answer(
        self,
        workflow: Workflow,
        session_id: str,
        answers: Mapping[str, Json],
        shown: Mapping[str, str],
        caller: Principal,
    ) -> Taken:
        """Record a caller's answers, one by one: one that is not taken leaves the others.

        Args:
            answers: Question id to answer.
            shown: Question id to the digest of what the caller was shown.
            caller: Who brings them.
        """
        session = await self.session(workflow, session_id)
        taken = Taken()
        by_id = {each.id: each for each in session.questions}
        for key, value in answers.items():
            question = by_id.get(key)
            if question is not None and not is_for_caller(question):
                taken.refused[key] = f"{key!r} is answered by a person, not by the program that called"
            else:
                await self._give(session, key, value, caller, taken, shown.get(key))
        return taken

    async def _give(
        self, session: Session, key: str, value: Json, caller: Principal, taken: Taken, shown: str | None
    ) -> None:
        try:
            await session.answer_async(key, value, by=caller, channel=caller.via, shown=shown)
        except ChangedQuestionError:
            taken.changed.append(key)
        except (AlreadyAnsweredError, SessionFinishedError) as error:
            taken.late[key] = error.message
        except AnswerError as error:
            taken.refused[key] = error.message

    async def go_on(self, workflow: Workflow, session_id: str, *, listener: Listener | None = None) -> SessionReport:
        """Go on with a session until it rests; where another process is at it, wait for that.

        Raises:
            SessionNotFoundError: There is no such session of this workflow.
            StrandsError: It cannot be gone on with here.
        """
        return await self._driven(workflow, await self.session(workflow, session_id), listener)

    async def _driven(self, workflow: Workflow, session: Session, listener: Listener | None) -> SessionReport:
        while True:
            if session.is_over or session.status == "paused":
                return _standing(session)
            try:
                result = await session.resume_async(user=workflow, spec=workflow.spec, on_event=listener, channel="api")
                return _report_of(workflow, result)
            except ExecutionError as error:
                if not error.session_id:
                    raise
                return SessionReport(session.id, workflow.name, "failed", _said(error))
            except (LeaseHeldError, SessionFinishedError):
                await _left_alone(session)

    async def until_answered(self, workflow: Workflow, session_id: str, keys: set[str], seconds: float) -> bool:
        """Wait until one of some questions is open no more, at most so many seconds; return whether it is."""
        session = await self.session(workflow, session_id)
        until = asyncio.get_running_loop().time() + seconds
        while keys <= {each.id for each in session.questions}:
            if asyncio.get_running_loop().time() >= until:
                return False
            await asyncio.sleep(LOOK_SECONDS)
            await session.refresh_async()
        return True

    async def session(self, workflow: Workflow, session_id: str) -> Session:
        """Return a session of a workflow, by its whole id.

        Raises:
            SessionNotFoundError: There is none.
        """
        session = await Session.found(workflow.options, session_id)
        if session.id != session_id or session.workflow_name != workflow.name:
            raise SessionNotFoundError(f"workflow {workflow.name!r} has no session {session_id!r}")
        return session

    async def standing(self, session_id: str) -> SessionReport:
        """Return how a session of any of the workflows stands; nothing is run.

        Raises:
            SessionNotFoundError: There is none.
        """
        for workflow in self.workflows.values():
            try:
                return _standing(await self.session(workflow, session_id))
            except SessionNotFoundError:
                continue
        raise SessionNotFoundError(
            f"there is no session {session_id!r} of a workflow that is served here",
            hint="The id is in the result of the call that began it.",
        )

    async def cancel(self, session_id: str, by: str) -> None:
        """End a session of any of the workflows, for good; nothing happens where it is over, or where there is none."""
        for workflow in self.workflows.values():
            with contextlib.suppress(SessionNotFoundError, SessionFinishedError):
                session = await self.session(workflow, session_id)
                await session.cancel_async(by=by)

    async def waiting(self, most: int) -> tuple[list[SessionReport], int]:
        """Return the sessions of the workflows in which a question is open, the newest first of each workflow.

        Args:
            most: Once they have so many questions, no further session is read.

        Returns:
            The sessions, and how many questions the others have.
        """
        found: list[SessionReport] = []
        asked, more = 0, 0
        for workflow in self.workflows.values():
            async for told in _that_wait(workflow):
                if asked >= most:
                    more += len(told.waits_for)
                    continue
                with contextlib.suppress(SessionError, StorageError):  # it is gone, or cannot be read
                    report = _standing(await self.session(workflow, told.id))
                    found.append(report)
                    asked += len(report.questions)
        return found, more


@dataclass
class Taken:
    """What became of answers.

    Attributes:
        refused: Those that cannot be taken, by question id, with the reason.
        late: Those of questions that have an answer already, with what is said of it.
        changed: Those of questions that look different now.
    """

    refused: dict[str, str] = field(default_factory=dict)
    late: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)


async def _that_wait(workflow: Workflow) -> AsyncIterator[SessionSummary]:
    from strands.journal.find import TIMED, find

    after, is_more = "", True
    while is_more:
        page = await find(workflow.options.store(), rests=TIMED, workflow=workflow.name, limit=200, after=after)
        for each in page.items:
            if each.waits_for:
                yield each
        after, is_more = page.after, bool(page.after)


def _report_of(workflow: Workflow, result: RunResult) -> SessionReport:
    text = result.error_message or "" if result.status == "failed" else result.last_response
    return SessionReport(
        result.session_id, workflow.name, result.status, text, list(result.questions), list(result.artifacts_written)
    )


def _standing(session: Session) -> SessionReport:
    text = session.response if session.response is not None else session.error or ""
    return SessionReport(session.id, session.workflow_name, session.status, text, session.questions)


def _said(error: ExecutionError) -> str:
    return f"{error.message} {error.hint}".strip() if error.hint else error.message


async def _left_alone(session: Session) -> None:
    """Wait until no other process runs the session."""
    await asyncio.sleep(LOOK_SECONDS)
    await session.refresh_async()
    while session.status == "running":
        await asyncio.sleep(LOOK_SECONDS)
        await session.refresh_async()
