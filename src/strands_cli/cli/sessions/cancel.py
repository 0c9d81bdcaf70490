"""`strands sessions cancel`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("cancel")
@options.open_session_id
@options.as_json
@options.debug
def command(session_id: str, as_json: bool, debug: bool) -> None:
    """End session ID: nothing of it runs again, a run that is alive stops."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open

    session = _open.session(session_id)
    session.cancel()
    if as_json:
        print_json({"session_id": session.id, "status": "cancelled"})
    else:
        say(f"Cancelled {session.id}.")
