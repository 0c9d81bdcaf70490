"""`rehearse`: run a workflow to see what it does, without a provider, a key, a network or a trace on this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError, InputError, InvalidAnswerError
from strands_cli.testing.answers import Answers, AnswerSheet, GivenAnswer
from strands_cli.testing.happened import Rehearsal, rehearsal

if TYPE_CHECKING:
    from strands_cli.api.session import Session
    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.events import Event
    from strands_cli.resources.stand_in import StandIn
    from strands_cli.session.repository import SessionRepository
    from strands_cli.types import Json, OpenQuestion, RunResult

Give = Callable[["OpenQuestion"], Any]
"""Returns, when it is awaited, the answer to a question, or None for none."""


async def rehearse_async(
    workflow: Any,
    answers: Answers | AnswerSheet = (),
    *,
    variables: Mapping[str, Any] | None = None,
    scripts: Mapping[str, Any] | None = None,
    replay: str | os.PathLike[str] | None = None,
    tools: Sequence[Any] = (),
    hooks: Sequence[Any] = (),
    real_tools: bool = False,
    store: SessionRepository | None = None,
    output_dir: str | os.PathLike[str] | None = None,
    **more: Any,
) -> Rehearsal:
    """Run a workflow with made-up or scripted replies, and return what happened.

    Nothing is sent anywhere and nothing is kept: sessions are in memory and artifacts in a directory that is removed.
    Tools that are not marked read_only are not called; what they return is made up.

    Args:
        workflow: A file, a dict, YAML text, or a Workflow.
        answers: Answers in the order of the questions; or by question: its id, `q1`, or a part of its prompt; or a
            function of the question, which returns None for none. Where an answer is missing the run stays paused.
        variables: Values for the spec's variables; `more` the same as keywords.
        scripts: Agent id to what it replies: one text, always; a list, gone through once; a function of the
            messages; or a model. Agents without one make their replies up.
        replay: A recording: models reply and tools return what they did then, and people answer so where `answers` is
            left out.
        tools: Tools beside those of the spec.
        hooks: Hook providers that every agent gets.
        real_tools: Run all tools.
        store: Where the session is kept; default: in memory.
        output_dir: Where artifacts are kept.

    Raises:
        UnusedAnswersError: There were answers that nobody asked for.
        InvalidAnswerError: An answer does not fit its question.
        NotRecordedError: The run comes to a call that is not in `replay`.
        StrandsError: The workflow cannot be loaded, a variable is wrong, or the run failed, as `Workflow.run` says.
    """
    with ExitStack() as stack:
        place = Path(output_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="strands-rehearsal-")))
        loaded = _loaded(workflow, tools, hooks)
        events: list[Event] = []
        stand_in = _stand_in(loaded, scripts, replay)
        flow = _prepared(loaded, stand_in, place, real_tools, store).with_listener(events.append)
        sheet, give = _answering(answers, stand_in)
        run = await observed(flow, give, {**(variables or {}), **more}, place, events)
        if sheet is not None:
            sheet.check_used()
        return run


async def observed(
    flow: Workflow, give: Give, variables: Mapping[str, Any], place: Path, events: Sequence[Event] = ()
) -> Rehearsal:
    """Run a workflow as far as there are answers, and return what happened.

    Args:
        flow: The workflow; its sessions are nobody else's.
        give: Returns the answer to a question, or None.
        variables: Values for its variables.
        place: Where its artifacts go.
        events: What listeners are told.

    Raises:
        StrandsError: As `Workflow.run` says.
    """
    from strands_cli.kernel.state import State

    try:
        result = await flow.run_async(variables=variables)
        result = await _answered(flow, result, give)
    except ExecutionError as error:
        if error.session_id is not None and error.session_id in error.hint:
            error.hint = ""  # nobody could resume it
        raise
    journal = await flow.options.store().open(result.session_id)
    return rehearsal(result, State(await journal.load()), _artifacts(place, result.artifacts_written), events)


def rehearse(workflow: Any, answers: Answers | AnswerSheet = (), **options: Any) -> Rehearsal:
    """Rehearse as `rehearse_async` does, with the same arguments, and wait for it."""
    from strands_cli.api.bridge import run_sync

    return run_sync(lambda: rehearse_async(workflow, answers, **options))


def _loaded(workflow: Any, tools: Sequence[Any], hooks: Sequence[Any]) -> Workflow:
    from strands_cli.api.workflow import Workflow

    if isinstance(workflow, Workflow):
        if tools or hooks:
            raise InputError(
                "tools and hooks were given beside a Workflow, which has its own",
                hint="Give them to the Workflow, or give its file here.",
            )
        return workflow
    if isinstance(workflow, Mapping):
        return Workflow.from_dict(workflow, tools=tools, hooks=hooks)
    if isinstance(workflow, str) and "\n" in workflow:
        return Workflow.from_yaml(workflow, tools=tools, hooks=hooks)
    if isinstance(workflow, (str, os.PathLike)):
        return Workflow.from_file(workflow, tools=tools, hooks=hooks)
    raise InputError(
        f"a {type(workflow).__name__} is not a workflow", hint="Give a file, a dict, YAML text, or a Workflow."
    )


def _stand_in(
    workflow: Workflow, scripts: Mapping[str, Any] | None, replay: str | os.PathLike[str] | None
) -> StandIn | None:
    if replay is not None:
        if scripts:
            raise InputError(
                "scripts and a recording were both given", hint="Give one of them: both say what agents reply."
            )
        from strands_cli.resources.replay import Replayer

        return Replayer(replay)
    if not scripts:
        return workflow.options.stand_in
    from strands_cli.testing.scripts import ScriptedAgents

    return ScriptedAgents(scripts, workflow.spec)


def _answering(answers: Answers | AnswerSheet, stand_in: StandIn | None) -> tuple[AnswerSheet | None, Give]:
    """Return what was given, where all of it has to be used, and what answers a question."""
    recorded: Mapping[str, Any] = getattr(stand_in, "answers", {})
    if callable(answers):
        return None, _asking(answers)
    if recorded and not isinstance(answers, AnswerSheet) and not answers:
        return None, from_sheet(AnswerSheet(recorded))
    sheet = answers if isinstance(answers, AnswerSheet) else AnswerSheet(answers)
    return sheet, from_sheet(sheet)


def _prepared(workflow: Workflow, stand_in: StandIn | None, place: Path, real_tools: bool, store: Any) -> Workflow:
    """Return a twin of a workflow that rehearses, in private."""
    from strands_cli.session.memory import MemorySessionRepository

    return workflow.with_options(
        repository=store if store is not None else MemorySessionRepository(),
        output_dir=str(place),
        offline=True,
        real_tools=real_tools or workflow.options.real_tools,
        stand_in=stand_in,
    )


async def _answered(flow: Workflow, result: RunResult, give: Give) -> RunResult:
    """Answer what is asked, and go on, as long as there are answers."""
    from strands_cli.api.session import Session

    while result.status == "paused":
        session = await Session.found(flow.options, result.session_id)
        if not await _given(flow.options.store(), session, result.questions, give):
            return result
        result = await flow.resume_async(result.session_id)
    return result


async def _given(store: SessionRepository, session: Session, questions: Sequence[OpenQuestion], give: Give) -> bool:
    """Answer those of the open questions that there is an answer to; return whether there was one."""
    any_given = False
    for question in questions:
        answer: GivenAnswer | None = await give(question)
        if answer is None:
            continue
        any_given = True
        if answer.timed_out:
            await _let_pass(store, question)
        else:
            await session.answer_async(question.id, answer.value, by=answer.principal, channel="rehearsal")
    return any_given


async def _let_pass(store: SessionRepository, question: OpenQuestion) -> None:
    """Let the deadline of a question pass.

    Raises:
        InvalidAnswerError: It has none.
    """
    from strands_cli.session.timers import fire

    if question.deadline is None:
        raise InvalidAnswerError(
            f"{question.id!r} does not time out: it has no deadline", hint="Give it timeout_seconds, or an answer."
        )
    await fire(await store.open(question.session), now=question.deadline + 1)


def from_sheet(sheet: AnswerSheet) -> Give:
    """Return what answers questions from a sheet."""

    async def give(question: OpenQuestion) -> GivenAnswer | None:
        return sheet.take(question.id, question.number, question.prompt)

    return give


def _asking(handler: Callable[[Any], Json]) -> Give:
    async def give(question: OpenQuestion) -> GivenAnswer | None:
        from strands_cli.kernel.handlers import call_handler
        from strands_cli.kernel.questions import handler_state
        from strands_cli.testing.answers import as_answer
        from strands_cli.types import AnswerLater

        try:
            value = await call_handler(handler, handler_state(question))
        except AnswerLater:
            return None
        return None if value is None else as_answer(value)

    return give


def _artifacts(place: Path, written: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in written:
        path = Path(name)
        inside = path.is_relative_to(place.resolve())
        found[path.relative_to(place.resolve()).as_posix() if inside else name] = path.read_text(encoding="utf-8")
    return found


def recording(workflow: Workflow, path: str | os.PathLike[str]) -> Workflow:
    """Return a workflow whose runs keep in a file what models reply, tools return and people answer.

    Args:
        workflow: The workflow, with real providers.
        path: The file; a recording that is there already is replaced by the first reply.

    Raises:
        StorageError: It cannot be written, or is a file of another kind.
    """
    from strands_cli.resources.recording import Recorder

    return workflow.with_options(stand_in=Recorder(path))
