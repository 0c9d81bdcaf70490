"""`Session`: answer it, resume it, fork it, cancel it, delete it, from any process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.api.admission import Admission, Terms, spec_on_record
from strands_cli.api.app import remembered, with_app
from strands_cli.api.bridge import run_sync
from strands_cli.api.running import Options, Runner
from strands_cli.api.session_view import SessionView
from strands_cli.errors import (
    AnswerError,
    LeaseHeldError,
    MissingPartsError,
    ProviderNotReadyError,
    SessionError,
    SessionNotFoundError,
)
from strands_cli.kernel.drive import held
from strands_cli.kernel.handlers import current_user
from strands_cli.kernel.journal import Conflict, append_durably
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft
from strands_cli.session import answers as answering
from strands_cli.types import HITLHandler, Json, RunResult

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


class Session(SessionView):
    """A session as its journal tells it at the moment it was read; `refresh_async` reads it again."""

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
        real_tools: bool | None = None,
        by: str | None = None,
        user: object = None,
        spec: Spec | None = None,
        accept_changes: bool = False,
        without_hooks: Sequence[str] = (),
        app: str | None = None,
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
            real_tools: In a rehearsal, run all tools; default: as the session was started.
            by: Who answers; default: the user of this process.
            spec: The workflow, where it was mended since. What is finished may not differ; the rest is taken.
            accept_changes: Keep what is on record of finished steps that `spec` does differently.
            without_hooks: Hooks that the session was started with and that a person lets be missing here, by name.
            app: `module:attribute` of a Workflow whose hooks, tools and model are used; default: what is on record.

        Raises:
            ChangedSpecError: `spec` differs in what is finished; nothing was recorded.
            SessionFinishedError, AnswerError, LeaseHeldError: Nothing was run.
            MissingPartsError: A hook, a tool or the model given in Python is missing here; answers are recorded.
            ExecutionError: It failed; what was finished is kept.
        """
        if self._state.finished:
            raise answering.finished(self._journal, self._state)
        terms = Terms(spec, accept_changes, without_hooks)
        runner, admission = await self._runner(terms, output_dir, overwrite, offline, real_tools, user, app)
        if on_event is not None:
            runner.options.listeners.add("*", on_event)
        given = self._answers(hitl_response, answers)
        for question_id, value in given.items():
            await self.answer_async(question_id, value, by=by)
        try:
            admission.check_parts(self._state)
            runner.check_ready()
            return await runner.drive(self._journal, runner.inputs, hitl_handler)
        except (LeaseHeldError, MissingPartsError, ProviderNotReadyError) as error:
            if given:
                taken = " and that process goes on with it" if isinstance(error, LeaseHeldError) else ""
                error.message += f"; your answer is recorded{taken}"
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
                await append_durably(self._journal, (draft,), expect=self._state.count)
            except Conflict as conflict:
                for entry in conflict.entries:
                    self._state.apply(entry)
                continue
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

    async def _runner(
        self,
        terms: Terms,
        output_dir: str | PathLike[str] | None,
        overwrite: bool | None,
        offline: bool | None,
        real_tools: bool | None,
        user: object,
        app: str | None,
    ) -> tuple[Runner, Admission]:
        from strands_cli.kernel.events import Listeners

        data = self._state.origin
        options = replace(
            self._options,
            output_dir=Path(output_dir or self._options.output_dir or data["output_dir"]),
            directory=Path(data.get("directory") or Path.cwd()),
            overwrite=data["overwrite"] or self._options.overwrite if overwrite is None else overwrite,
            offline=data["offline"] or self._options.offline if offline is None else offline,
            real_tools=data.get("real_tools", False) or self._options.real_tools if real_tools is None else real_tools,
            listeners=Listeners(self._options.listeners),
        )
        if app is not None:
            options = with_app(options, app)
        elif user is None:
            options = remembered(options, data)
        admission = Admission(self.id, options, terms, self._state)
        changed = await admission.changes(self._state)
        spec = terms.spec if changed and terms.spec is not None else self.spec()
        runner = Runner(spec, options, user or self, admission)
        runner.inputs = changed.get("inputs", self.inputs)
        return runner, admission

    def spec(self) -> Spec:
        """Return the pinned spec, which was checked when it was recorded.

        Raises:
            SessionError: This build cannot read it.
        """
        return spec_on_record(self.id, self._state.origin)
