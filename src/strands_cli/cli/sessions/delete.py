"""`strands sessions delete`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("delete")
@options.session_id
@options.as_json
@options.debug
def command(session_id: str, as_json: bool, debug: bool) -> None:
    """Delete session ID with all that was recorded of it."""
    from strands_cli.cli.ending import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open

    session = _open.session(session_id)
    session.delete()
    if as_json:
        print_json({"session_id": session.id, "deleted": True})
    else:
        say(f"Deleted {session.id}.")
