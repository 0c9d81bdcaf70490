"""`strands sessions delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session


@click.command("delete")
@options.session_id
@click.option("--force", is_flag=True, help="Delete it even if its journal is damaged; ID is then the whole id.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@options.as_json
@options.debug
def command(session_id: str, force: bool, yes: bool, as_json: bool, debug: bool) -> None:
    """Delete session ID with all that was recorded of it. One that is being run is kept.

    In a terminal it asks first; elsewhere the beginning of an id takes --yes.
    """
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open
    from strands_cli.errors import SessionDamagedError

    try:
        session = _open.session(session_id)
        if not (yes or force) and not _confirmed(session, session_id):
            say("Nothing was deleted.")
            return
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


def _confirmed(session: Session, given: str) -> bool:
    """Return whether a person at this terminal wants a session deleted; without one the whole id says so.

    Raises:
        UsageError: Nobody is there, and what was given is only the beginning of an id.
    """
    from strands_cli.terminal.device import someone_there

    if someone_there():
        waits = f", which waits for {', '.join(each.id for each in session.questions)}" if session.questions else ""
        return click.confirm(
            f"Delete session {session.id} ({session.workflow_name}, {session.status}){waits}?", err=True
        )
    if given != session.id:
        raise click.UsageError(
            f"{given!r} is only the beginning of session {session.id!r}, and nobody is here to ask: "
            "give the whole id, or --yes"
        )
    return True
