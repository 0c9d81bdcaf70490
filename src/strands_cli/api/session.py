"""`Session`: answer it, resume it, fork it, cancel it, delete it, from any process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from strands_cli.api.admission import Admission, Terms, check_kind, here_for, in_its_place, output_for, spec_on_record
from strands_cli.api.app import remembered, with_app
from strands_cli.api.bridge import run_resumable, run_sync
from strands_cli.api.forking import ForkableSession
from strands_cli.api.options import Options
from strands_cli.api.remedies import kept
from strands_cli.api.results import finished_result
from strands_cli.api.running import Runner
from strands_cli.api.session_view import opened
from strands_cli.errors import (
    AnswerError,
    LeaseHeldError,
    SessionFinishedError,
    StrandsError,
)
from strands_cli.kernel.handlers import current_user
from strands_cli.kernel.journal import kept_open
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import answers as answering
from strands_cli.types import HITLHandler, Json, RunResult

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from strands_cli.api.keywords import SessionResumeOptions
    from strands_cli.kernel.events import Event
    from strands_cli.kernel.principal import Principal
    from strands_cli.spec.root import Spec

LEASE_SECONDS = 2.0
"""How long somebody who brings answers waits for another driver of the session to rest, before saying that it works."""

LOOK_SECONDS = 0.05


class Session(ForkableSession):
    """A session as its journal tells it at the moment it was read; `refresh_async` reads it again."""

    @classmethod
    async def found(cls, options: Options, session_id: str) -> Session:
        """Return the session with this id, or whose id alone begins with it.

        Raises:
            SessionNotFoundError: None does.
            SessionError: Several do, or its journal is damaged.
        """
        session = cls(await opened(options, session_id), State(), options)
        await session.refresh_async()
        return session

    async def resume_async(
        self,
        hitl_response: Json = None,
        *,
        answers: Mapping[str, Json] | None = None,
        hitl_handler: HITLHandler | None = None,
        on_event: Callable[[Event], Any] | None = None,
        output_dir: str | PathLike[str] | None = None,
        overwrite: bool | None = None,
        offline: bool | None = None,
        real_tools: bool | None = None,
        by: str | Principal | None = None,
        user: object = None,
        spec: Spec | None = None,
        accept_changes: bool = False,
        without_hooks: Sequence[str] = (),
        app: str | None = None,
        channel: str = "python",
    ) -> RunResult:
        """Record answers, all or none, then run on from where the session stopped.

        The answers are recorded before anything else is looked at, so a process that cannot run the session keeps them.

        Args:
            hitl_response: The answer to the only open question.
            answers: Question id to answer.
            hitl_handler: Answers further questions; without one the run pauses at them.
            on_event: Told of every event.
            output_dir: Where artifacts go, a directory or s3://BUCKET/PREFIX; default: as the session was started.
            overwrite: Replace existing artifacts; default: as the session was started.
            offline: Rehearse, which only goes on with a rehearsal; default: as the session was started.
            real_tools: In a rehearsal, run all tools; default: as the session was started.
            by: Who answers; default: the user of this process.
            spec: The workflow, where it was mended since. What is finished may not differ; the rest is taken.
            accept_changes: Keep what is on record of finished steps that `spec` does differently.
            without_hooks: Hooks that the session was started with and that a person lets be missing here, by name.
            app: `module:attribute` of a Workflow whose hooks, tools and model are used; default: what is on record.
            channel: How the answers came: terminal, python, ...

        Raises:
            ChangedSpecError: `spec` differs in what is finished; nothing was recorded.
            SessionError, AnswerError, LeaseHeldError: Nothing was run.
            MissingPartsError: A hook, a tool or the model given in Python is missing here; answers are recorded.
            ExecutionError: It failed; what was finished is kept.
        """
        if self._state.finished:
            raise answering.finished(self.id, self._state)
        check_kind(self.id, self._state, bool(self._options.offline if offline is None else offline))
        terms = Terms(spec, accept_changes, without_hooks)
        given, recorded = self.meant(hitl_response, answers), False
        try:
            with kept_open(self._journal):
                if spec is None:
                    await self._answer_all(given, by=by, channel=channel)
                    recorded = bool(given)
                runner, admission = await self._runner(terms, output_dir, overwrite, offline, real_tools, user, app)
                if spec is not None:  # one that may not be taken up records nothing
                    await self._answer_all(given, by=by, channel=channel, spec=terms.spec, mended=admission.rights)
                    recorded = bool(given)
                if on_event is not None:
                    runner.options.listeners.add("*", on_event)
                admission.check_parts(self._state)
                runner.check_ready()
                return await self._driven_on(runner, hitl_handler, patient=recorded)
        except StrandsError as error:
            if recorded:
                from strands_cli.api.kept_answers import tell_kept

                await tell_kept(error, self._options, self.id, list(given))
            raise

    async def _driven_on(self, runner: Runner, handler: HITLHandler | None, *, patient: bool) -> RunResult:
        """Drive the session; who brought answers waits a while for another driver to rest, and looks again.

        Where that driver came to the end with the answers, its end is what this comes to as well.
        """
        until = time.monotonic() + (LEASE_SECONDS if patient else 0.0)
        while True:
            try:
                return await runner.drive(self._journal, runner.inputs, handler)
            except LeaseHeldError:
                if time.monotonic() >= until:
                    raise
            except SessionFinishedError:
                if not patient:
                    raise
                await self.refresh_async()
                return finished_result(self.id, self.pattern, self._state)
            await asyncio.sleep(LOOK_SECONDS)

    def resume(self, hitl_response: Json = None, **options: Unpack[SessionResumeOptions]) -> RunResult:
        """Go on as `resume_async` does, and wait for it."""
        go_on = partial(self.resume_async, hitl_response, **options)
        return run_resumable(go_on, partial(kept, self.id, self._options))

    async def answer_async(
        self,
        question_id: str,
        value: Json,
        *,
        by: str | Principal | None = None,
        reason: str | None = None,
        channel: str | None = None,
        shown: str | None = None,
        request: str | None = None,
    ) -> None:
        """Answer a question; the run goes on when it is resumed, or at once if it is live.

        The same answer by the same person again is a success.

        Raises:
            InvalidAnswerError: It does not fit; the question stays open.
            AlreadyAnsweredError: Somebody was first, or its deadline has passed.
            NotEntitledError: Who answers may not; its `code` says why.
            ChangedQuestionError: It is not the question that was shown.
        """
        seen = None if shown is None else {question_id: shown}
        await self.answer_all_async(
            {question_id: value}, by=by, reason=reason, channel=channel, shown=seen, request=request
        )

    async def answer_all_async(
        self,
        answers: Mapping[str, Json],
        *,
        by: str | Principal | None = None,
        reason: str | None = None,
        channel: str | None = None,
        shown: Mapping[str, str] | None = None,
        request: str | None = None,
    ) -> None:
        """Answer several questions at once: all answers are taken or, if one cannot be, none.

        Args:
            answers: Question id to answer.
            by: Who answers, or only the name that people are shown; default: the user of this process.
            reason: Why, for the record.
            channel: How: terminal, python, ...; default: as the principal says.
            shown: Question id to the `shown` of the question that was shown; another one is not answered.
            request: Names this request: given once more it is a success, and nothing is recorded twice.

        What `answer_async` raises is raised here, and nothing was recorded then.
        """
        await self._answer_all(answers, by=by, reason=reason, channel=channel, shown=shown, request=request)

    async def _answer_all(self, answers: Mapping[str, Json], *, by: str | Principal | None, **how: Any) -> None:
        if answers:
            from strands_cli.kernel.principal import os_principal

            by = by or os_principal(how.get("channel") or "python")
            await answering.give_all(self._journal, answers, by=by, state=self._state, **how)

    def answer(
        self,
        question_id: str | Mapping[str, Json],
        value: Json = None,
        *,
        by: str | Principal | None = None,
        reason: str | None = None,
    ) -> None:
        """Answer one question as `answer_async` does, or several, `{question_id: value}`, as `answer_all_async`."""
        answers = question_id if isinstance(question_id, Mapping) else {question_id: value}
        run_sync(lambda: self.answer_all_async(answers, by=by, reason=reason))

    async def cancel_async(self, *, by: str | None = None) -> None:
        """End the session for good; a live run of it stops, in the middle of a model call too.

        Tools that are at work may come to their end for some seconds, so that what they did is on record.

        Raises:
            SessionFinishedError: It has ended already.
        """
        while True:
            if self._state.finished:
                raise answering.finished(self.id, self._state)
            draft = Draft("cancelled", "", {"by": by or current_user()}, time.time())
            driven = self.status == "running"
            entries = await answering.append(self._journal, self._state, (draft,))
            if entries is None:
                continue
            if not driven:  # else its driver tells
                self._publish(entries[0])
            return await self.refresh_async()

    async def queue_async(self, *, by: str | None = None) -> None:
        """Leave the session to a worker, which goes on with it from where it stopped.

        Raises:
            SessionFinishedError: It has ended already.
            LeaseHeldError: It is being run.
            AnswerError: It waits for an answer.
        """
        while True:
            if self._state.finished:
                raise answering.finished(self.id, self._state)
            if self.status == "running":
                raise LeaseHeldError(f"session {self.id!r} is being run", hint="It needs nobody else.")
            if self.status == "paused":
                raise AnswerError(f"session {self.id!r} waits for an answer", hint="Answer its questions.")
            draft = Draft("queued", "", {"by": by or current_user()}, time.time())
            if await answering.append(self._journal, self._state, (draft,)) is not None:
                return await self.refresh_async()
            await self.refresh_async()

    def events(self, *, after: int = 0, follow: bool = True) -> AsyncIterator[Event]:
        """Yield what happens in the session: each event has the number `seq` of its entry.

        Args:
            after: Only the events of entries from this number on.
            follow: Go on until the session is completed or cancelled; else end with what is on record.
        """
        from strands_cli.api.following import events

        return events(self._journal, self, after=after, follow=follow)

    def _publish(self, entry: Entry) -> None:
        from strands_cli.kernel.events import event_of

        base = {"session_id": self.id, "workflow": self.workflow_name, "pattern": self.pattern}
        event = event_of(entry, self._state, base)
        if event is not None:
            self._options.listeners.emit(event)

    def cancel(self, *, by: str | None = None) -> None:
        """End the session as `cancel_async` does."""
        run_sync(lambda: self.cancel_async(by=by))

    async def delete_async(self, *, force: bool = False, by: str | None = None) -> None:
        """Remove the session and all that it holds.

        Args:
            force: Also when, since this object read it, a question was asked or answered.
            by: Who does this; default: the user of this process.

        Raises:
            LeaseHeldError: It is being run.
            SessionError: It has moved on since it was read; nothing was removed.
        """
        from strands_cli.session.deletion import delete, unmoved

        judge = None if force else partial(unmoved, self._journal, self._state)
        await delete(self._options.store(), self._journal, by=by or current_user(), now=time.time(), judge=judge)

    def delete(self, *, force: bool = False) -> None:
        """Remove the session as `delete_async` does."""
        run_sync(lambda: self.delete_async(force=force))

    def missing_parts(self, *, app: str | None = None) -> dict[str, tuple[str, ...]]:
        """Return what Python gave the session and this process lacks: "hooks", "tools", "model" to names.

        Args:
            app: `module:attribute` of a Workflow whose hooks, tools and model this process has.

        Raises:
            AppError: It leads to no Workflow.
        """
        from strands_cli.api.guards import lacking

        data = self._state.origin
        options = with_app(self._options, app) if app is not None else remembered(self._options, data)
        return {kind: tuple(names) for kind, names in lacking(data.get("brought") or {}, options).items()}

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
            output_dir=fspath(output_dir or self._options.output_dir or output_for(data, self._options.directory)),
            directory=here_for(data, self._options.directory),
            overwrite=data["overwrite"] or self._options.overwrite if overwrite is None else overwrite,
            offline=data["offline"] or self._options.offline if offline is None else offline,
            real_tools=data.get("real_tools", False) or self._options.real_tools if real_tools is None else real_tools,
            listeners=Listeners(self._options.listeners),
        ).for_session(data)
        if app is not None:
            options = with_app(options, app)
        elif user is None:
            options = remembered(options, data)
        admission = Admission(self.id, options, terms, self._state)
        changed = await admission.changes(self._state)
        if terms.spec is None:
            spec = self.spec()
        else:
            spec = terms.spec if changed else in_its_place(terms.spec, data)
        if data.get("files") and not changed:
            from strands_cli.resources.spec_files import at_hand

            spec = await at_hand(self._options.store(), spec, data["files"])
        runner = Runner(spec, options, user or self, admission)
        runner.inputs = changed.get("inputs", self.inputs)
        return runner, admission

    def spec(self) -> Spec:
        """Return the pinned spec, which was checked when it was recorded.

        Raises:
            SessionError: This build cannot read it.
        """
        return spec_on_record(self.id, self._state.origin)
