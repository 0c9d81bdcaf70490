"""`strands webhooks enable`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("enable")
@_open.webhook
@_open.data
@options.debug
def command(webhook: str, data: str | None, debug: bool) -> None:
    """Send events to WEBHOOK again, which replied that it wants none; what happened meanwhile is not sent."""
    from strands_cli.cli.errors import say

    _open.outbox(data).endpoints.enable(webhook)
    say(f"{webhook} is sent events from now on.")
