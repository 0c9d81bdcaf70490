"""What a run came to, as the command line says it: data on standard output, the rest on standard error."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from strands_cli import errors
from strands_cli.cli.errors import exit_code, located, report, say
from strands_cli.cli.phrases import count, seconds, when
from strands_cli.cli.placeholders import placeholder
from strands_cli.kernel.usage import money
from strands_cli.terminal.escape import brief, exact_line, one_line
from strands_cli.types import OpenQuestion, RunResult


def show(result: RunResult, *, as_json: bool, quiet: bool, saved: bool = True, told: str = "") -> int:
    """Print a result.

    Args:
        result: What the run came to.
        as_json: Print it whole, as one JSON object.
        quiet: Print only the response.
        saved: Whether it can be resumed.
        told: The reply that was shown last, whole, on the terminal: it is not shown twice.

    Returns:
        The exit code.
    """
    if as_json:
        print_json(result.to_dict())
    elif result.last_response and result.last_response != told and result.status != "paused":
        _show_response(result.last_response, apart=not quiet)
    if result.status == "paused":
        _show_pause(result, quiet, saved)
    elif not result.success:
        _show_no(result)
    elif not quiet:
        _show_summary(result)
    return result.exit_code


def show_failure(error: BaseException, *, as_json: bool, saved: bool = True, file: str | None = None) -> int:
    """Print why a run failed, and how to go on.

    Args:
        error: The cause.
        as_json: Print the result as one JSON object.
        saved: Whether it can be resumed.
        file: The workflow file, which may be mended before it goes on.

    Returns:
        The exit code.
    """
    result = getattr(error, "result", None)
    if not saved and result is not None:
        error.hint = "Nothing was kept: without --no-save-session it can be resumed."  # type: ignore[attr-defined]
    session_id = getattr(error, "session_id", None)
    if as_json:
        print_json((result or _nothing(error)).to_dict())
    code = report(error)
    hint = str(getattr(error, "hint", ""))
    hinted = "strands resume" in hint or "strands sessions fork" in hint
    if session_id and saved and not hinted and code != errors.SESSION:
        say(f"Resume: {resume_command(session_id)}")
        if file is not None:
            say(f"When {file} is mended: {resume_command(session_id, file=file)}")
    return code


def stopped_result(message: str, code: int, session_id: str | None) -> RunResult:
    """Return the result of a run that a signal ended."""
    return RunResult("", code, "", 0.0, False, error_message=message, session_id=session_id or "", status="failed")


def resume_command(
    session_id: str, questions: Sequence[OpenQuestion] = (), file: str | None = None, *, full: bool = False
) -> str:
    """Return the command that goes on with a session, with a mended file too, ready to be pasted into a shell.

    It names the questions, with `full` by their whole ids: pasted again, it answers no other one that is open by then.
    """
    words = ["strands", "resume", session_id, *(["--spec", file] if file else [])]
    for question in questions:
        words += ["--answer", f"{question.id if full else question.short_id}={placeholder(question)}"]
    return shlex.join(words)


def print_json(value: Any) -> None:
    """Print one JSON value on standard output; what UTF-8 cannot write is escaped."""
    from strands_cli.terminal.device import is_terminal

    print_text(json.dumps(value, indent=2, ensure_ascii=is_terminal(sys.stdout), default=str))


def print_text(text: str) -> None:
    """Print text on standard output: as it is into a pipe or a file, escaped on a terminal."""
    from strands_cli.terminal.device import is_terminal, write
    from strands_cli.terminal.escape import visible

    text = located(text)
    if is_terminal(sys.stdout):
        text = visible(text)
    write(sys.stdout, text if text.endswith("\n") else text + "\n")


def _show_response(text: str, *, apart: bool) -> None:
    """Print the response; on a terminal with a blank line around it, and Markdown drawn."""
    from strands_cli.terminal.device import can_draw, is_terminal

    apart = apart and is_terminal(sys.stdout) and is_terminal(sys.stderr)
    if apart:
        say("")
    if not (can_draw(sys.stdout) and _is_drawn(text)):
        print_text(text)
    if apart:
        say("")


def _is_drawn(text: str) -> bool:
    from strands_cli.terminal.markdown import print_markdown

    return print_markdown(located(text), sys.stdout)


def _show_summary(result: RunResult) -> None:
    tokens = sum(result.token_usage.values())
    parts = [f"Completed in {seconds(result.duration_seconds)}", count(tokens, "token") if tokens else ""]
    parts.append(spent(result.cost, result.unpriced_models))
    if result.lost_runs:
        lost = "a process that was" if result.lost_runs == 1 else f"{result.lost_runs} processes that were"
        parts[0] += f" of work (what {lost} killed did is not counted)"
    parts.append(f"session {result.session_id}" if result.session_id else "")
    say(", ".join(part for part in parts if part) + ".")
    for path in result.artifacts_written:
        say(f"Wrote {path}")


def spent(cost: float | None, unpriced: Sequence[str]) -> str:
    """Return what a session cost, as people read it: an amount, that it is not known, or "" where nothing is spent."""
    if unpriced:
        return f"cost unknown (no price for {one_line(', '.join(unpriced), 60)})"
    return money(cost) if cost else ""


def _show_pause(result: RunResult, quiet: bool, saved: bool) -> None:
    if not quiet:
        say(f"Paused for {'an answer' if len(result.questions) == 1 else 'answers'}:")
        for question in result.questions:
            say(f"  {named(question)}: {exact_line(question.prompt, 200)}{allowed(question)}")
    if result.session_id and saved:
        say(f"Resume: {resume_command(result.session_id, result.questions)}")
    else:
        say("Nothing was kept: run it in a terminal, or without --no-save-session.")


def _show_no(result: RunResult) -> None:
    say(f"Error: {result.error_message or 'the workflow did not reach its goal.'}")
    if result.session_id:
        say(f"Hint: Look at what happened: strands sessions show {result.session_id}")


def named(question: OpenQuestion) -> str:
    """Return both names of a question: the short one that commands take, and its id."""
    return f"{question.short_id}  {brief(question.id)}" if question.number else question.id


def allowed(question: OpenQuestion, *, listed: bool = False) -> str:
    """Return what may be answered, in parentheses; "" when anything may.

    Args:
        question: The question.
        listed: Whether what a schema takes is listed below.
    """
    parts = []
    if question.kind == "ambiguous_tool":
        parts.append("run again, skip, or result: WHAT IT RETURNED")
    elif question.choices:
        parts.append(f"one of {', '.join(map(exact_line, question.choices))}")
    elif question.data.get("hint"):
        parts.append(one_line(question.data["hint"], 200))
    elif question.schema:
        parts.append(f"JSON that fits its schema{'' if listed else ': strands sessions questions shows what it takes'}")
    if question.has_default:
        parts.append(f"default {one_line(question.default, 40)!r}")
    if question.deadline is not None:
        parts.append(f"until {when(question.deadline)}")
    parts += _whose(question)
    return f" ({'; '.join(parts)})" if parts else ""


def _whose(question: OpenQuestion) -> list[str]:
    """Return who may answer, what they have said so far, and with whom it is."""
    ask, parts = question.ask or {}, []
    if question.who not in ("", "everybody"):
        parts.append(f"for {one_line(question.who, 200)}")
    if ask.get("exclude"):
        parts.append(f"not for {', '.join('who ' + _did(each) for each in ask['exclude'])}")
    if question.quorum:
        votes = [
            f"{number} persons for {exact_line(choice)}" for choice, number in question.quorum.items() if number > 1
        ]
        said = ", ".join(f"{one_line(vote['by'], 40)}: {one_line(vote['value'], 40)}" for vote in question.votes)
        parts.append(f"takes {', '.join(votes)}" if votes else "takes one person")
        parts.append(f"votes: {said or 'none yet'}")
    if question.assignee:
        end = f" until {when(question.assigned_until)}" if question.assigned_until else ""
        parts.append(f"with {one_line(question.assignee, 60)}{end}")
    return parts


def _did(excluded: str) -> str:
    return "started it" if excluded == "starter" else f"answered {exact_line(excluded)}"


def _nothing(error: BaseException) -> RunResult:
    message = getattr(error, "message", "") or str(error)
    return RunResult("", exit_code(error), "", 0.0, False, error_message=message, status="failed")
