"""`strands sessions claim`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("claim")
@options.waiting_session_id
@options.question_id
@options.as_json
@options.debug
def command(session_id: str, question_id: str, as_json: bool, debug: bool) -> None:
    """Take question QUESTION of session ID on: for half an hour nobody else answers it without taking it over."""
    from strands_cli.cli.sessions import _assigning

    _assigning.run(session_id, question_id, to=None, as_json=as_json)
