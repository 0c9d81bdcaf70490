"""`strands sessions delegate`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("delegate")
@options.waiting_session_id
@options.question_id
@click.option("--to", "to", required=True, metavar="WHO", help="A user of this machine, a person, or an id.")
@click.option("--why", metavar="TEXT", help="Why, for the record.")
@click.option("--hours", type=options.FiniteRange(min=0, min_open=True), help="For how long; left out: no end.")
@options.as_json
@options.debug
def command(
    session_id: str, question_id: str, to: str, why: str | None, hours: float | None, as_json: bool, debug: bool
) -> None:
    """Hand question QUESTION of session ID to somebody else, as far as the workflow lets you."""
    from strands_cli.cli.sessions import _assigning

    _assigning.run(session_id, question_id, to=to, why=why or "", hours=hours, as_json=as_json)
