"""`SessionManager` and `Session`: what is kept, what it waits for, and how to answer and resume it from Python."""

from __future__ import annotations

import asyncio
import getpass
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.api.bridge import run_sync
from strands_cli.api.running import Options, Runner
from strands_cli.errors import AnswerError, LeaseHeldError, SessionError, SessionFinishedError, SessionNotFoundError
from strands_cli.kernel import questions
from strands_cli.kernel.drive import held
from strands_cli.kernel.journal import Conflict, Journal
from strands_cli.kernel.state import State, text_of
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import answers as answering
from strands_cli.types import HITLHandler, Json, OpenQuestion, RunResult

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec

logger = logging.getLogger(__name__)

DAY = 86_400.0


@dataclass(slots=True, frozen=True)
class HistoryItem:
    """One line of a session's timeline. Times are Unix time and durations in seconds.

    `kind` is agent, hitl or tool; `text` what it came to, None while it is under way.
    """

    key: str
    agent_id: str
    kind: str
    started_at: float
    duration: float | None
    tokens: int
    text: str | None
    by: str | None = None


class Session:
    """A session as its journal tells it at the moment it was read; `refresh` reads it again."""

    def __init__(self, journal: Journal, state: State, options: Options) -> None:
        self._journal = journal
        self._state = state
        self._options = options

    @classmethod
    async def found(cls, options: Options, session_id: str) -> Session:
        """Return the session with this id, or whose id alone begins with it.

        Raises:
            SessionNotFoundError: None does.
            SessionError: Several do, or its journal is damaged.
        """
        store = options.store()
        try:
            journal = await store.open(session_id)
        except SessionNotFoundError:
            matches = [known for known in await store.ids() if session_id and known.startswith(session_id)]
            if not matches:
                raise
            if len(matches) > 1:
                raise SessionError(
                    f"{session_id!r} begins {len(matches)} session ids: {', '.join(matches[:5])}",
                    hint="Type more of it.",
                ) from None
            journal = await store.open(matches[0])
        session = cls(journal, State(), options)
        await session.refresh_async()
        return session

    async def refresh_async(self) -> None:
        """Read the journal again; questions past their deadline take their default now."""
        self._state = State(await self._journal.load())
        await answering.expire(self._journal, self._state, time.time())

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self._journal.session_id

    @property
    def status(self) -> str:
        """running, interrupted, paused, failed, completed or cancelled."""
        if self._state.driver and self._journal.alive(self._state.driver):
            return "running"
        return self._state.status

    @property
    def workflow_name(self) -> str:
        return str(self._opened.data["workflow"])

    @property
    def pattern(self) -> str:
        return str(self._opened.data["pattern"])

    @property
    def created_at(self) -> float:
        """Unix time in seconds."""
        return self._opened.at

    @property
    def updated_at(self) -> float:
        """Unix time, in seconds, of the newest entry."""
        return max(entry.at for entry in (self._opened, *self._all_entries()))

    @property
    def questions(self) -> list[OpenQuestion]:
        """What is open, in the order it was asked."""
        return [questions.opened(entry) for entry in self._state.open_questions()]

    @property
    def question_ids(self) -> list[str]:
        """The ids of all questions, the answered ones too, in the order they were asked."""
        return list(self._state.asked)

    @property
    def inputs(self) -> dict[str, Json]:
        return dict(self._opened.data["inputs"])

    @property
    def spec_dict(self) -> dict[str, Json]:
        """The spec that the session is pinned to."""
        return dict(self._opened.data["spec"])

    @property
    def token_usage(self) -> dict[str, int]:
        """Agent id to tokens."""
        return dict(self._state.agent_tokens)

    @property
    def error(self) -> str | None:
        """The cause, when the last drive failed."""
        rest = self._state.rest
        return rest.data.get("error") if rest is not None and rest.kind == "failed" else None

    @property
    def response(self) -> str | None:
        """The final text of a completed run."""
        rest = self._state.rest
        return rest.data.get("response") if rest is not None and rest.kind == "closed" else None

    @property
    def history(self) -> list[HistoryItem]:
        """The timeline: agents' calls, their tools, questions and answers, by the time they began."""
        state = self._state
        items = [_call_item(state, key, entry) for key, entry in state.started.items()]
        items += [_question_item(state, key, entry) for key, entry in state.asked.items()]
        for key, entries in state.inner.items():
            items += _tool_items(state, key, entries)
        return sorted(items, key=lambda item: item.started_at)

    async def entries_async(self) -> list[Entry]:
        """Return the whole journal."""
        return await self._journal.load()

    @property
    def _opened(self) -> Entry:
        assert self._state.opened is not None
        return self._state.opened

    def _all_entries(self) -> list[Entry]:
        state = self._state
        groups: Sequence[Mapping[str, Entry]] = (state.started, state.done, state.asked, state.answered, state.failed)
        return [entry for group in groups for entry in group.values()] + ([state.rest] if state.rest else [])

    # -- going on -------------------------------------------------------------------------------------------------

    async def resume_async(
        self,
        hitl_response: Json = None,
        *,
        answers: Mapping[str, Json] | None = None,
        hitl_handler: HITLHandler | None = None,
        on_event: Any = None,
        output_dir: str | PathLike[str] | None = None,
        overwrite: bool | None = None,
        offline: bool | None = None,
        by: str | None = None,
        user: object = None,
    ) -> RunResult:
        """Record answers, then run on from where the session stopped.

        Args:
            hitl_response: The answer to the only open question.
            answers: Question id to answer.
            hitl_handler: Answers further questions; without one the run pauses at them.
            on_event: Told of every event.
            output_dir: Where artifacts go; default: where the session was started.
            overwrite: Replace existing artifacts; default: as the session was started.
            offline: Rehearse; default: as the session was started.
            by: Who answers; default: the user of this process.

        Raises:
            SessionFinishedError, AnswerError, LeaseHeldError: Nothing was run.
            ExecutionError: It failed; what was finished is kept.
        """
        if self._state.finished:
            raise answering.finished(self._journal, self._state)
        runner = self._runner(output_dir, overwrite, offline, user or self)
        runner.check_ready()
        if on_event is not None:
            runner.options.listeners.add("*", on_event)
        given = self._answers(hitl_response, answers)
        for question_id, value in given.items():
            await self.answer_async(question_id, value, by=by)
        try:
            return await runner.drive(self._journal, self.inputs, hitl_handler)
        except LeaseHeldError as error:
            if given:
                error.message += "; your answer is recorded and that process goes on with it"
            raise

    def resume(self, hitl_response: Json = None, **options: Any) -> RunResult:
        """Go on as `resume_async` does, and wait for it."""
        return run_sync(lambda: self.resume_async(hitl_response, **options))

    async def answer_async(
        self,
        question_id: str,
        value: Json,
        *,
        by: str | None = None,
        reason: str | None = None,
        channel: str = "python",
    ) -> None:
        """Answer a question; the run goes on when it is resumed, or at once if it is live.

        Raises:
            InvalidAnswerError: It does not fit; the question stays open.
            AlreadyAnsweredError: Somebody was first.
        """
        who = by or current_user()
        await answering.give(
            self._journal, question_id, value, by=who, reason=reason, channel=channel, state=self._state
        )

    def answer(self, question_id: str, value: Json, *, by: str | None = None, reason: str | None = None) -> None:
        """Answer as `answer_async` does, and wait for it."""
        run_sync(lambda: self.answer_async(question_id, value, by=by, reason=reason))

    async def cancel_async(self, *, by: str | None = None) -> None:
        """End the session for good; a live run of it stops at its next step.

        Raises:
            SessionFinishedError: It has ended already.
        """
        while True:
            if self._state.finished:
                raise answering.finished(self._journal, self._state)
            draft = Draft("cancelled", "", {"by": by or current_user()}, time.time())
            try:
                await self._journal.append((draft,), expect=self._state.count)
            except Conflict as conflict:
                for entry in conflict.entries:
                    self._state.apply(entry)
                continue
            await self._journal.sync()
            return await self.refresh_async()

    def cancel(self, *, by: str | None = None) -> None:
        """End the session as `cancel_async` does."""
        run_sync(lambda: self.cancel_async(by=by))

    async def fork_async(self, at: str) -> Session:
        """Copy the session up to, without, the step `at`, and return the copy; this one stays as it is.

        Raises:
            SessionError: It has no such step.
        """
        from strands_cli.api.running import new_id
        from strands_cli.session.fork import fork

        store = self._options.store()
        name = new_id(self.workflow_name)
        await fork(store, self._journal, at, session_id=name, now=time.time())
        return await Session.found(self._options, name)

    def fork(self, at: str) -> Session:
        """Copy the session as `fork_async` does."""
        return run_sync(lambda: self.fork_async(at))

    async def delete_async(self) -> None:
        """Remove the session and all that it holds.

        Raises:
            LeaseHeldError: It is being run.
        """
        if self.status == "running":
            raise held(self._journal)
        await self._options.store().delete(self.id)

    def delete(self) -> None:
        """Remove the session as `delete_async` does."""
        run_sync(self.delete_async)

    def _answers(self, response: Json, answers: Mapping[str, Json] | None) -> dict[str, Json]:
        given = dict(answers or {})
        if response is None:
            return given
        open_ids = [question.id for question in self.questions if question.id not in given]
        if not open_ids and self._state.answered:
            raise answering.already_answered(self._state, list(self._state.answered)[-1])
        if len(open_ids) != 1:
            waiting = (
                f"{len(open_ids)} questions are open: {', '.join(open_ids)}" if open_ids else "no question is open"
            )
            raise AnswerError(
                f"session {self.id!r}: {waiting}, so the answer fits none",
                hint=f"Answer each by its id: strands resume {self.id} --answer ID=VALUE."
                if open_ids
                else f"Resume it without an answer: strands resume {self.id}.",
            )
        return {**given, open_ids[0]: response}

    def _runner(
        self, output_dir: str | PathLike[str] | None, overwrite: bool | None, offline: bool | None, user: object
    ) -> Runner:
        from strands_cli.kernel.events import Listeners

        data = self._opened.data
        options = replace(
            self._options,
            output_dir=Path(output_dir or self._options.output_dir or data["output_dir"]),
            directory=Path(data.get("directory") or Path.cwd()),
            overwrite=data["overwrite"] or self._options.overwrite if overwrite is None else overwrite,
            offline=data["offline"] or self._options.offline if offline is None else offline,
            listeners=Listeners(self._options.listeners),
        )
        return Runner(self.spec(), options, user)

    def spec(self) -> Spec:
        """Return the pinned spec, which was checked when the session was opened.

        Raises:
            SessionError: This build cannot read it.
        """
        from pydantic import ValidationError

        from strands_cli.spec import Spec

        try:
            spec = Spec.model_validate(self.spec_dict)
        except ValidationError as error:
            raise SessionError(
                f"the spec of session {self.id!r} is not one that this build reads: {error.errors()[0]['msg']}",
                hint="Resume it with the version of strands-cli that started it.",
            ) from error
        spec._base_dir = Path(self._opened.data["base_dir"])
        return spec


def _call_item(state: State, key: str, entry: Entry) -> HistoryItem:
    done = state.done.get(key)
    text = text_of(done.data["message"]) if done is not None else None
    seconds = done.data.get("seconds") if done is not None else None
    return HistoryItem(key, entry.data["agent"], "agent", entry.at, seconds, state.tokens.get(key, 0), text)


def _question_item(state: State, key: str, entry: Entry) -> HistoryItem:
    answer = state.answer(key)
    if answer is None:
        return HistoryItem(key, "hitl", "hitl", entry.at, None, 0, None)
    return HistoryItem(key, "hitl", "hitl", entry.at, max(answer.at - entry.at, 0), 0, str(answer.value), answer.by)


def _tool_items(state: State, key: str, entries: Sequence[Entry]) -> list[HistoryItem]:
    agent = state.started[key].data["agent"] if key in state.started else ""
    ended = {entry.key: entry for entry in entries if entry.kind == "done"}
    items = []
    for entry in entries:
        if entry.kind == "started":
            end = ended.get(entry.key)
            items.append(
                HistoryItem(
                    entry.key, agent, "tool", entry.at, end.at - entry.at if end else None, 0, entry.data["name"]
                )
            )
    return items


class SessionManager:
    """The workflow sessions of this user.

    Args:
        storage_dir: Where they are kept; default: `workflows` in STRANDS_HOME or ~/.strands.
        repository: Another store, instead.
    """

    def __init__(
        self, storage_dir: str | PathLike[str] | None = None, *, repository: SessionRepository | None = None
    ) -> None:
        if repository is None:
            from strands_cli.session.repository import FileSessionRepository

            repository = FileSessionRepository(storage_dir)
        self._options = Options(repository=repository)

    async def list_sessions_async(
        self, *, status: str | None = None, workflow: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Session]:
        """Return sessions, the newest first; a damaged one is named in the log and left out.

        Args:
            status: Only those with this status.
            workflow: Only those of the workflow with this name.
            limit: At most so many, after the first `offset`.
        """
        store = self._options.store()
        found = []
        for session_id in await store.ids():
            try:
                session = await Session.found(self._options, session_id)
            except SessionNotFoundError:
                continue
            except SessionError as error:
                logger.warning("%s", error.message)
                continue
            if status in (None, session.status) and workflow in (None, session.workflow_name):
                found.append(session)
            await asyncio.sleep(0)
        found.sort(key=lambda session: session.created_at, reverse=True)
        return found[offset:] if limit is None else found[offset : offset + limit]

    def list_sessions(self, **filters: Any) -> list[Session]:
        """Return sessions as `list_sessions_async` does."""
        return run_sync(lambda: self.list_sessions_async(**filters))

    def list_active_sessions(self) -> list[Session]:
        """Return the sessions that are not completed or cancelled."""
        return [session for session in self.list_sessions() if session.status not in ("completed", "cancelled")]

    async def get_session_async(self, session_id: str) -> Session:
        """Return the session with this id, or whose id alone begins with it.

        Raises:
            SessionNotFoundError: None does.
        """
        return await Session.found(self._options, session_id)

    def get_session(self, session_id: str) -> Session:
        """Return the session as `get_session_async` does."""
        return run_sync(lambda: self.get_session_async(session_id))

    def cleanup_old_sessions(self, max_age_days: float = 7, *, paused: bool = False) -> list[str]:
        """Remove sessions untouched for `max_age_days` days and return their ids.

        One with an open question, and one that is being run, stays; `paused` removes the former too.
        """
        return run_sync(lambda: self._cleanup(max_age_days, paused))

    async def _cleanup(self, max_age_days: float, paused: bool) -> list[str]:
        oldest = time.time() - max_age_days * DAY
        removed = []
        for session in await self.list_sessions_async():
            if session.updated_at > oldest or session.status == "running" or (session.questions and not paused):
                continue
            try:
                await session.delete_async()
            except (SessionNotFoundError, LeaseHeldError, SessionFinishedError):
                continue
            removed.append(session.id)
        return removed


def current_user() -> str:
    """Return the name of the user that this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
