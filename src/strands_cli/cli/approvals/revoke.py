"""`strands approvals revoke`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("revoke")
@click.argument("approval_id", metavar="ID")
@options.debug
def command(approval_id: str, debug: bool) -> None:
    """End an approval: the next call that it would have let through is asked about, in runs at work too."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.sessions import _open

    ended = _open.manager().revoke_approval(approval_id)
    say(f"Revoked {ended.id}: {ended.agent} of {ended.workflow} asks about {ended.tool} again.")
