"""Options that several commands take."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import click

from strands_cli.cli import completion

Command = TypeVar("Command", bound=Callable[..., Any])


class Option(Protocol):
    """Adds an option or an argument to a command."""

    def __call__(self, command: Command, /) -> Command: ...


class FiniteRange(click.FloatRange):
    """A number in a range; `nan` and `inf` are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number that can be counted to.", param, ctx)
        return number


as_json: Option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
debug: Option = click.option("--debug", is_flag=True, help="Log everything, and show the traceback of an error.")
quiet: Option = click.option("--quiet", "-q", is_flag=True, help="Print only the final response.")
verbose: Option = click.option(
    "--verbose", "-v", is_flag=True, help="Show tools, what they got and gave, and replies, whole."
)
offline: Option = click.option(
    "--offline", is_flag=True, help="Rehearse with the scripted model: no key, no network, no cost."
)
real_tools: Option = click.option(
    "--real-tools", is_flag=True, help="Run all tools in a rehearsal; else only read-only ones."
)
out: Option = click.option(
    "--out",
    "out",
    metavar="DIR",
    shell_complete=completion.directories,
    help="Where artifacts go, a directory or s3://BUCKET/PREFIX; default: outputs.to, STRANDS_OUT, here.",
)
force: Option = click.option("--force", is_flag=True, help="Overwrite artifacts that exist.")
interactive: Option = click.option(
    "--interactive/--pause",
    "interactive",
    default=None,
    help="Ask here, or pause at a question; by default it asks in a terminal and pauses elsewhere.",
)
app: Option = click.option(
    "--app", "app", metavar="MODULE:NAME", help="The Workflow of a program: its hooks, tools and model are used."
)
accept_changes: Option = click.option(
    "--accept-changes", is_flag=True, help="Keep what is on record of finished steps that the file does differently."
)
without_hooks: Option = click.option(
    "--without-hooks", is_flag=True, help="Go on without hooks that are missing here, once you have seen which."
)
spec: Option = click.argument("spec", metavar="SPEC", shell_complete=completion.files)
place: Option = click.argument("place", metavar="[STORE]", required=False, shell_complete=completion.directories)
grace: Option = click.option(
    "--grace",
    type=FiniteRange(0),
    default=25.0,
    show_default=True,
    metavar="SECONDS",
    help="How long steps at work may go on after SIGTERM.",
)
session_id: Option = click.argument("session_id", metavar="ID", shell_complete=completion.sessions)
open_session_id: Option = click.argument("session_id", metavar="ID", shell_complete=completion.open_sessions)
waiting_session_id: Option = click.argument("session_id", metavar="ID", shell_complete=completion.waiting_sessions)

question_id: Option = click.argument("question_id", metavar="QUESTION", shell_complete=completion.questions)
answers: Option = click.option(
    "--answer",
    "-a",
    "answers",
    metavar="QUESTION=VALUE",
    multiple=True,
    shell_complete=completion.answers,
    help="The answer to one question: q1=yes.",
)


_answers_file: Option = click.option(
    "--answers",
    "answers_file",
    metavar="FILE",
    shell_complete=completion.files,
    help="Answers to its questions: a list, or a mapping from questions (q1, steps/1, some words) to answers.",
)
_replies_file: Option = click.option(
    "--replies",
    "replies_file",
    metavar="FILE",
    shell_complete=completion.files,
    help="What agents reply in a rehearsal: a mapping from agents to a text or a list of them.",
)
_record: Option = click.option(
    "--record",
    "record",
    metavar="FILE",
    shell_complete=completion.files,
    help="Keep what models reply, tools return and people answer, for --replay.",
)
_replay: Option = click.option(
    "--replay",
    "replay",
    metavar="FILE",
    shell_complete=completion.files,
    help="Run with the replies, results and answers of a recording: no key, no network, no cost.",
)


def prepared(command: Command) -> Command:
    """Add the options of a command that takes from files what people and models say."""
    for option in reversed((_answers_file, _replies_file, _record, _replay)):
        command = option(command)
    return command


def resuming(command: Command) -> Command:
    """Add the options of a command that may go on with a session."""
    for option in reversed((app, accept_changes, without_hooks)):
        command = option(command)
    return command


def running(command: Command) -> Command:
    """Add the options of a command that runs a workflow."""
    for option in reversed((out, force, interactive, offline, real_tools, as_json, quiet, verbose, debug)):
        command = option(command)
    return command
