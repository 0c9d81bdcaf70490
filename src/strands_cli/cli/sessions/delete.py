"""`strands sessions delete`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("delete")
@options.session_id
@click.option("--force", is_flag=True, help="Delete it even if its journal is damaged; ID is then the whole id.")
@options.as_json
@options.debug
def command(session_id: str, force: bool, as_json: bool, debug: bool) -> None:
    """Delete session ID with all that was recorded of it. One that is being run is kept."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open
    from strands_cli.errors import SessionDamagedError

    try:
        session = _open.session(session_id)
        waits, status = [question.id for question in session.questions], session.status
        session.delete(force=force)
        deleted = session.id
    except SessionDamagedError:
        if not force:
            raise
        _open.manager().delete_damaged(session_id)
        waits, status, deleted = [], "damaged", session_id
    if as_json:
        print_json({"session_id": deleted, "deleted": True})
    else:
        was = f", which waited for an answer to {', '.join(waits)}" if waits else ""
        was = ", which was answered and had not gone on" if status == "answered" else was
        say(f"Deleted {deleted}{was}.")
