"""`strands sessions questions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session
    from strands_cli.errors import StrandsError
    from strands_cli.types import OpenQuestion


@click.command("questions")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=completion.waiting_sessions)
@click.option("--full", is_flag=True, help="Name questions by their whole ids in the commands that answer them.")
@click.option("--verbose", "-v", is_flag=True, help="Show whole JSON Schemas.")
@options.as_json
@options.debug
def command(session_id: str | None, full: bool, verbose: bool, as_json: bool, debug: bool) -> None:
    """List what waits for an answer: in session ID, or in all sessions. Contexts are shown whole."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.sessions import _open

    sessions = [_open.session(session_id)] if session_id else _open.manager().list_waiting_sessions()
    found = [(session, question) for session in sessions for question in session.questions]
    if as_json:
        print_json([{"session_id": session.id, **question.to_dict()} for session, question in found])
    elif not found:
        say("Nothing waits for an answer.")
    else:
        print_text(
            "\n".join(line for of, question in found for line in _lines(of, question, full, verbose)).rstrip("\n")
        )


def _lines(session: Session, question: OpenQuestion, full: bool, verbose: bool) -> Iterator[Any]:
    import json
    import sys

    from strands_cli.cli.lines import laid_out, quoted
    from strands_cli.cli.outcome import allowed, named, resume_command
    from strands_cli.cli.sessions._form import form_lines
    from strands_cli.terminal.escape import exact_line, unambiguous

    yield laid_out(exact_line(f"{session.id}  {named(question)}{allowed(question, listed=True)}"), sys.stdout)
    yield laid_out("  " + unambiguous(question.prompt).replace("\n", "\n    "), sys.stdout)
    if question.schema and not verbose:
        yield from (f"  {line}" for line in form_lines(question))
    elif question.schema:
        yield exact_line(f"  schema: {json.dumps(dict(question.schema), ensure_ascii=False)}")
    for line in unambiguous(question.context or "").split("\n") if question.context else ():
        yield from quoted(line, sys.stdout)
    refused = _refusal(session, question)
    if refused is None:
        yield laid_out(f"  Answer: {exact_line(resume_command(session.id, [question], full=full))}", sys.stdout)
    else:
        yield laid_out(f"  Not for you: {exact_line(refused.message)}", sys.stdout)
        yield laid_out(f"  Hint: {exact_line(refused.hint)}", sys.stdout)
    yield ""


def _refusal(session: Session, question: OpenQuestion) -> StrandsError | None:
    """Return why the user of this process may not answer a question, or not yet; None where they may."""
    if not (question.ask or question.quorum or question.assignee):
        return None
    from strands_cli.kernel.principal import os_principal

    return session.refusal(question.id, os_principal("terminal"))
