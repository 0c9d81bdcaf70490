"""Going on with a session from the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import logs
from strands_cli.cli.changes import tell_changes
from strands_cli.cli.errors import say
from strands_cli.cli.placeholders import check_filled_in
from strands_cli.cli.question_names import meant
from strands_cli.cli.running import RunMonitor, terminal_handler
from strands_cli.errors import InvalidAnswerError, SessionError

CHANNEL = "terminal"
"""How answers came that a command line gave."""

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session
    from strands_cli.api.session_view import SessionView
    from strands_cli.spec.root import Spec
    from strands_cli.types import RunResult


@dataclass(frozen=True)
class RunOptions:
    """The options of a command that runs a workflow, as they were typed."""

    out: str | None = None
    force: bool = False
    interactive: bool | None = None
    offline: bool = False
    real_tools: bool = False
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    app: str | None = None
    accept_changes: bool = False
    without_hooks: bool = False

    def watched(self, *, trace: bool = False, saved: bool = True) -> RunMonitor:
        """Return what follows a run with these options."""
        logs.configure(verbose=self.verbose, debug=self.debug)
        return RunMonitor(
            self.as_json,
            self.quiet,
            self.verbose,
            self.debug,
            keep=trace,
            saved=saved,
            handler=terminal_handler(self.interactive),
        )

    def from_app(self) -> dict[str, Any]:
        """Return what the Workflow of --app gives to a new run."""
        if self.app is None:
            return {}
        from strands_cli.api.app import load_app

        given = load_app(self.app).options
        return {"hooks": given.hooks, "tools": given.tools, "model": given.model}


@dataclass(frozen=True)
class Given:
    """The variables of a command line."""

    texts: Sequence[str] = ()
    file: str | None = None

    def variables(self, spec: Spec, *, ask: bool = False) -> dict[str, Any]:
        """Return their values; see `gather`."""
        from strands_cli.cli.variables import gather

        return gather(spec, self.texts, self.file, ask=ask)

    def differing(self, spec: Spec, session: Session) -> list[str]:
        """Return in words which of them are not what a session began with."""
        known = session.inputs
        return [
            f"{name}={known.get(name)!r}, not {value!r}"
            for name, value in self.variables(spec).items()
            if name not in known or known[name] != value
        ]


def go_on(
    session_id: str,
    how: RunOptions,
    *,
    response: str | None = None,
    answers: Sequence[str] = (),
    trace: bool = False,
    spec: str | None = None,
    given: Given = Given(),
) -> int:
    """Resume a session and print what it came to.

    Args:
        session_id: Its id, or a prefix of it that no other has.
        how: The options.
        response: The answer to the only open question.
        answers: `question=value`, for any of the open questions.
        trace: Whether to write what happened to a file.
        spec: The workflow file, which may have been mended.
        given: Variables, which the session must have begun with.

    Returns:
        The exit code.
    """
    watched = how.watched(trace=trace)

    def begin() -> Callable[[], Awaitable[RunResult]]:
        from strands_cli.api.session_manager import SessionManager
        from strands_cli.session.repository import check_named

        check_named()
        session = SessionManager().get_session(session_id)
        watched.session_id = session.id
        mended = _loaded(spec, session, how) if spec else None
        differing = given.differing(mended or session.spec(), session)
        if differing:
            raise SessionError(
                f"session {session.id!r} began with {'; '.join(differing)}",
                hint="Leave the variables out to go on with it, or leave --resume out to start anew.",
            )
        return prepared(session, how, watched, mended, response=response, answers=answers)

    code = watched.execute(begin)
    if trace:
        write_trace(watched, how.out)
    return code


def prepared(
    session: Session,
    how: RunOptions,
    watched: RunMonitor,
    spec: Spec | None,
    *,
    response: str | None = None,
    answers: Sequence[str] = (),
) -> Callable[[], Awaitable[RunResult]]:
    """Say what is to be known of a session before it goes on, and return what goes on with it.

    Args:
        session: The session.
        how: The options.
        watched: Follows it.
        spec: Its workflow, which may have been mended; None goes on with the one on record.
        response: The answer to the only open question.
        answers: `question=value`, for any of the open questions.
    """
    watched.session_id = session.id
    watched.file = spec.source if spec is not None else session.file
    given = parse_answers(session, answers)
    if response is not None and len(session.questions) == 1:
        check_filled_in(session.questions, {session.questions[0].id: response})
    tell_changes(session, spec, quiet=how.quiet)
    waived = _waived(session, how) if how.without_hooks else ()

    async def resumed() -> RunResult:
        return await session.resume_async(
            response,
            answers=given or None,
            hitl_handler=watched.handler,
            on_event=watched,
            output_dir=how.out,
            overwrite=how.force or None,
            offline=how.offline or None,
            real_tools=how.real_tools or None,
            spec=spec,
            accept_changes=how.accept_changes,
            without_hooks=waived,
            app=how.app,
            channel=CHANNEL,
        )

    return resumed


def newest(spec: Spec, given: Given, response: str | None) -> Session | None:
    """Return the newest session that this workflow left unfinished and that began with these variables, or None.

    Raises:
        SessionError: There is none, and somebody gives an answer.
    """
    from strands_cli.api.session_manager import SessionManager

    passed = []
    for session in SessionManager().list_sessions(workflow=spec.name):
        if session.status in ("running", "completed", "cancelled"):
            continue
        differing = given.differing(spec, session)
        if not differing:
            return session
        passed.append(f"session {session.id} began with {'; '.join(differing)}")
    if response is not None:
        raise SessionError(
            f"{spec.name!r} has no unfinished session to answer" + (f": {passed[0]}" if passed else ""),
            hint="Start it without --hitl-response, or name a session: strands sessions list.",
        )
    if passed:
        say(f"A new run: {passed[0]}.")
    return None


def parse_answers(session: SessionView, answers: Sequence[str]) -> dict[str, str]:
    """Return question id to answer; questions are named as `meant` says, and an id may itself contain "=".

    Raises:
        InvalidAnswerError: A text names no open question, or two differ about one.
    """
    known = [f"{each.short_id} ({each.id})" if each.number else each.id for each in session.questions]
    given: dict[str, str] = {}
    for text in answers:
        # An answered one is let through: whoever takes the answer says who was first.
        matching = [key for key in session.question_ids if text.startswith(f"{key}=")]
        name = max(matching, key=len) if matching else text.partition("=")[0]
        key = meant(session, name) if "=" in text else None
        if key is None:
            raise InvalidAnswerError(
                f"--answer {text!r} is not QUESTION=VALUE with an open question of session {session.id!r}",
                hint=f"Open are: {', '.join(known)}." if known else "No question of it is open.",
            )
        value = text[len(name) + 1 :]
        if given.setdefault(key, value) != value:
            raise InvalidAnswerError(
                f"{key!r} is answered twice, with {given[key]!r} and {value!r}", hint="Give one answer to it."
            )
    check_filled_in(session.questions, given)
    return given


def write_trace(watched: RunMonitor, out: str | None) -> None:
    """Write the events of a run to `NAME-trace.json` below the output directory."""
    if not watched.events:
        return
    from strands_cli.terminal.escape import plain_data

    first = watched.events[0]
    name = "".join(character if character.isalnum() or character in "-_." else "-" for character in first.workflow)
    path = Path("." if out is None or "://" in out else out) / f"{name.lstrip('.') or 'workflow'}-trace.json"
    trace = {
        "session_id": first.session_id,
        "workflow": first.workflow,
        "pattern": first.pattern,
        "events": [_event(event) for event in watched.events],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(file, "w", encoding="utf-8") as stream:
        json.dump(plain_data(trace), stream, indent=2, ensure_ascii=False, default=str)
    say(f"Trace: {path}")


def _event(event: Any) -> Mapping[str, Any]:
    names = ("type", "step_id", "agent_id", "timestamp", "duration", "tokens")
    return {name: getattr(event, name) for name in names} | {"data": event.data}


def _loaded(path: str, session: Session, how: RunOptions) -> Spec:
    """Return the spec in a file; its agents may name the tools that the session has from Python."""
    from strands_cli.api.workflow import Workflow

    return Workflow.from_file(path, **how.from_app()).spec if how.app else _with_tools(path, session)


def _with_tools(path: str, session: Session) -> Spec:
    from strands_cli.loader import load_file

    return load_file(path, tools=session.tools_from_python)


def _waived(session: Session, how: RunOptions) -> Sequence[str]:
    """Return the hooks that a person at this terminal lets be missing.

    Raises:
        MissingPartsError: Nobody is here to see which they are.
    """
    from strands_cli.terminal.device import someone_there

    missing = session.missing_parts(app=how.app).get("hooks", ())
    if not missing:
        return ()
    if not someone_there():
        raise SessionError(
            f"--without-hooks: nobody is at a terminal to see which are missing: {', '.join(missing)}",
            hint=f"Run it in a terminal, or name what has them: strands resume {session.id} --app MODULE:NAME",
        )
    say(f"Session {session.id} was started with hooks that this process does not have:")
    for name in missing:
        say(f"  {name}")
    say("What they guarded runs without them. Tool calls that wait for an answer of theirs do not run.")
    if not click.confirm("Go on without them?", default=False, err=True):
        raise SessionError(
            "nothing was run: the hooks are missing", hint="Name the Workflow that has them: --app MODULE:NAME"
        )
    return missing
