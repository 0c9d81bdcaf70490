"""`strands webhooks redeliver`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("redeliver")
@_open.webhook
@click.argument("delivery", metavar="DELIVERY")
@_open.data
@options.debug
def command(webhook: str, delivery: str, data: str | None, debug: bool) -> None:
    """Send DELIVERY, the id of a message, to WEBHOOK once more; `strands serve` or `strands tick` does it next.

    WEBHOOK is the id of a webhook, or whom another channel tells: slack:#approvals, mail:anna@example.org.
    """
    from strands_cli.cli.errors import say
    from strands_cli.inbox.endpoints import target_of

    _open.outbox(data).deliveries.redeliver(target_of(webhook), delivery)
    say(f"{delivery} is sent to {webhook} once more.")
