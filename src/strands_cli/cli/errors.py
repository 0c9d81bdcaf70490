"""How a command ends: its errors as one line of cause and one of what to do, and the exit code that goes with them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from typing import Any

import click

from strands_cli import errors


class Terminated(BaseException):
    """The process was asked to end (SIGTERM)."""


def terminate_softly() -> None:
    """Turn SIGTERM into an exception, so that what is open is closed and the exit code is ours."""

    def end(*_: object) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, end)


def run_command(arguments: list[str]) -> int:
    """Run one command line.

    Returns:
        The exit code of the command, or that of the error it ended with.
    """
    from strands_cli.cli.app import app

    debug = "--debug" in arguments
    completing = os.environ.get("_STRANDS_COMPLETE", "")
    if completing.startswith("bash_"):
        from strands_cli.cli import bash

        bash.use()
    streams = sys.stdout, sys.stderr
    try:
        code = app.main(args=arguments, prog_name="strands", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else errors.OK
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        say("\nInterrupted.")
        return errors.INTERRUPTED
    except Terminated:
        say("Terminated.")
        return errors.TERMINATED
    except SystemExit as leaving:
        if (sys.stdout, sys.stderr) != streams:  # click's way out when nobody reads any more
            sys.stdout, sys.stderr = streams
            raise BrokenPipeError from leaving
        return _code_of(leaving)
    except BrokenPipeError:
        raise
    except Exception as error:
        if completing.endswith("_complete"):  # who types is not told
            return errors.OK
        if debug:
            _traceback()
        return report(error)


def _code_of(leaving: SystemExit) -> int:
    """Return the exit code of a command that ended by `sys.exit`, as Python itself would."""
    if leaving.code is None or isinstance(leaving.code, int):
        return leaving.code or errors.OK
    say(str(leaving.code))
    return 1


def report(error: BaseException) -> int:
    """Print an error: its cause, then what to do.

    Returns:
        Its exit code.
    """
    for line in _lines(error):
        say(line)
    return exit_code(error)


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error."""
    if isinstance(error, errors.StrandsError):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return errors.USAGE
    if isinstance(error, OSError):
        return errors.FILE
    return errors.UNEXPECTED


def say(text: str) -> None:
    """Print a line for the person, on standard error; text of others in it is escaped."""
    from strands_cli.cli.lines import laid_out
    from strands_cli.terminal.device import write
    from strands_cli.terminal.escape import visible

    write(sys.stderr, laid_out(visible(located(text)), sys.stderr) + "\n")


def located(text: str) -> str:
    """Return text whose commands name the store of this command, where it was named on the command line."""
    context = click.get_current_context(silent=True)
    place = (context.find_object(dict) or {}).get("store") if context is not None else None
    if not place or "strands " not in text:
        return text
    from strands.journal.locate import shown

    if shown(place) != place:  # a password is not repeated: STRANDS_STORE can hold it
        return text
    named = f"strands --store {shlex.quote(place)}"
    return re.sub(r"\bstrands(?= (?:resume|sessions|store|worker) )", lambda _: named, text)


def locate_hint(error: errors.StrandsError) -> None:
    """Let the commands in an error's hint name the store of this command, as `located` does."""
    error.hint = located(_hint_of(error))


def _hint_of(error: errors.StrandsError) -> str:
    fallback = _ANSWER if isinstance(error, errors.InvalidAnswerError) else _HINTS.get(error.exit_code, "")
    problems = getattr(error, "problems", None) or ()
    if not error.hint and problems and problems[0].source:
        fallback = fallback.replace("validate FILE", f"validate {shlex.quote(problems[0].source)}")
    return error.hint or fallback


def _lines(error: BaseException) -> list[str]:
    if isinstance(error, _HELP) and isinstance(error, click.ClickException):
        return [error.format_message()]
    if isinstance(error, errors.StrandsError):
        return _own_lines(error)
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "strands"
        if isinstance(error, click.NoSuchOption) and error.option_name == "--store":
            return ["Error: --store stands before the command.", f"Hint: strands --store PLACE {path[8:]} ..."]
        return [f"Error: {_sentence(error.format_message())}", f"Hint: {path} --help lists what it takes."]
    if isinstance(error, click.ClickException):
        return [f"Error: {error.format_message()}", "Hint: Correct the command and run it again."]
    if isinstance(error, OSError):
        where = f"{error.filename!r}: " if error.filename else ""
        return [f"Error: {where}{error.strerror or error}", "Hint: Check that the path exists and that you may use it."]
    kind, text = type(error).__name__, str(error)
    return [
        f"Error: unexpected {kind}{f': {text}' if text else ''}",
        "Hint: Run the command again with --debug to see where; please report it with that output.",
    ]


def _own_lines(error: errors.StrandsError) -> list[str]:
    problems = getattr(error, "problems", None) or ()
    lines = [f"Error: {line}" for line in error.message.splitlines()]
    if len(problems) > 1:
        lines = [f"Error: {problem}" for problem in map(_problem, problems)]
    hint = _hint_of(error)
    return [*lines, f"Hint: {hint}"] if hint else lines


def _problem(problem: Any) -> str:
    return str(getattr(problem, "text", problem))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _traceback() -> None:
    import traceback

    say(traceback.format_exc().rstrip("\n"))


_HELP: tuple[type, ...] = (getattr(click.exceptions, "NoArgsIsHelpError", type(None)),)
"""What newer clicks raise when a command is left out: its message is the help."""

_ANSWER = "The question is still open: give another answer."
_HINTS = {
    errors.USAGE: "Correct the command and run it again; --help lists what it takes.",
    errors.INVALID_SPEC: "Correct the file, then check it: strands validate FILE.",
    errors.RUNTIME: "Mend the cause, then go on where it stopped: strands resume ID.",
    errors.FILE: "Check that the path exists and that you may use it.",
    errors.SESSION: "strands sessions list shows the sessions there are.",
    errors.UNSUPPORTED: "strands list-supported shows what this build can run.",
    errors.BUDGET: "Raise the budget in the spec, then go on: strands resume ID --spec FILE.",
}
