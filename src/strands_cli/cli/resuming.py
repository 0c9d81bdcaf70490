"""Going on with a session from the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.cli import logs
from strands_cli.cli.running import Watched, terminal_handler
from strands_cli.errors import InvalidAnswerError

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session
    from strands_cli.api.workflow import Workflow
    from strands_cli.types import RunResult


@dataclass(frozen=True)
class How:
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

    def watched(self, *, trace: bool = False, saved: bool = True) -> Watched:
        """Return what follows a run with these options."""
        logs.configure(verbose=self.verbose, debug=self.debug)
        return Watched(
            self.as_json,
            self.quiet,
            self.verbose,
            self.debug,
            keep=trace,
            saved=saved,
            handler=terminal_handler(self.interactive),
        )


def go_on(
    session_id: str,
    how: How,
    *,
    response: str | None = None,
    answers: Sequence[str] = (),
    trace: bool = False,
) -> int:
    """Resume a session and print what it came to.

    Args:
        session_id: Its id, or a prefix of it that no other has.
        how: The options.
        response: The answer to the only open question.
        answers: `question=value`, for any of the open questions.
        trace: Whether to write what happened to a file.

    Returns:
        The exit code.
    """
    watched = how.watched(trace=trace)

    def begin() -> Callable[[], Awaitable[RunResult]]:
        from strands_cli.api.session_manager import SessionManager

        session = SessionManager().get_session(session_id)
        watched.session_id = session.id
        given = parse_answers(session, answers)
        return lambda: _resumed(session, how, watched, response, given)

    code = watched.settle(begin)
    if trace:
        write_trace(watched, how.out)
    return code


async def resumed(session: Session, how: How, watched: Watched, response: str | None) -> RunResult:
    """Resume a session that was found by `newest`."""
    return await _resumed(session, how, watched, response, {})


def newest(workflow: Workflow) -> Session | None:
    """Return the newest session that this workflow left unfinished, or None."""
    from strands_cli.api.session_manager import SessionManager

    spec = workflow.spec.to_dict()
    for session in SessionManager().list_sessions(workflow=workflow.name):
        if session.status in ("paused", "answered", "failed", "interrupted") and session.spec_dict == spec:
            return session
    return None


def parse_answers(session: Session, answers: Sequence[str]) -> dict[str, str]:
    """Return question id to answer; an id may itself contain an equals sign.

    Raises:
        InvalidAnswerError: A text names no open question.
    """
    known = [question.id for question in session.questions]
    given = {}
    for text in answers:
        # An answered one is let through: whoever takes the answer says who was first.
        matching = [key for key in session.question_ids if text.startswith(f"{key}=")]
        if not matching:
            raise InvalidAnswerError(
                f"--answer {text!r} is not QUESTION=VALUE with an open question of session {session.id!r}",
                hint=f"Open are: {', '.join(known)}." if known else "No question of it is open.",
            )
        key = max(matching, key=len)
        given[key] = text[len(key) + 1 :]
    return given


def write_trace(watched: Watched, out: str | None) -> None:
    """Write the events of a run to `NAME-trace.json` below the output directory."""
    if not watched.events:
        return
    from strands_cli.cli.ending import say
    from strands_cli.terminal.escape import plain_data

    first = watched.events[0]
    name = "".join(character if character.isalnum() or character in "-_." else "-" for character in first.workflow)
    path = Path(out or ".") / f"{name.lstrip('.') or 'workflow'}-trace.json"
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


async def _resumed(
    session: Session, how: How, watched: Watched, response: str | None, answers: Mapping[str, str]
) -> RunResult:
    return await session.resume_async(
        response,
        answers=answers or None,
        hitl_handler=watched.handler,
        on_event=watched,
        output_dir=how.out,
        overwrite=how.force or None,
        offline=how.offline or None,
        real_tools=how.real_tools or None,
    )
