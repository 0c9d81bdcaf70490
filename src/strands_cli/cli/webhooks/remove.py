"""`strands webhooks remove`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("remove")
@_open.webhook
@_open.data
@options.debug
def command(webhook: str, data: str | None, debug: bool) -> None:
    """Send nothing to WEBHOOK any more, or take nothing at it, and forget it."""
    from strands_cli.cli.errors import say

    if _open.hooks(data).get(webhook) is not None:
        _open.hooks(data).remove(webhook)
    else:
        _open.outbox(data).endpoints.remove(webhook)
    say(f"Removed {webhook}.")
