"""`strands sessions`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import SESSIONS, LazyGroup


@click.group("sessions", cls=LazyGroup, package="strands_cli.cli.sessions", listing=SESSIONS)
def command() -> None:
    """List, show, answer and clean up sessions. An ID may be shortened to a beginning that no other has."""
    from strands_cli.session.repository import check_named

    check_named()
