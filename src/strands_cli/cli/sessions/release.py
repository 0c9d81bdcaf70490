"""`strands sessions release`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("release")
@options.waiting_session_id
@options.question_id
@options.as_json
@options.debug
def command(session_id: str, question_id: str, as_json: bool, debug: bool) -> None:
    """Give question QUESTION of session ID back: whoever may answer it can."""
    from strands_cli.cli.sessions import _assigning

    _assigning.run(session_id, question_id, to="", as_json=as_json)
