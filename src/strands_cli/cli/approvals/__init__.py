"""`strands approvals`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import APPROVALS, LazyGroup


@click.group("approvals", cls=LazyGroup, package="strands_cli.cli.approvals", listing=APPROVALS)
def command() -> None:
    """List and revoke approvals that hold in every session: those given where a rule says `remember: always`."""
