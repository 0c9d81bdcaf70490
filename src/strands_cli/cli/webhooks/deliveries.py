"""`strands webhooks deliveries`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open

if TYPE_CHECKING:
    from strands_cli.inbox.deliveries import Delivery


@click.command("deliveries")
@click.argument("webhook", metavar="[WEBHOOK]", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@click.option("--failing", is_flag=True, help="Only what could not be delivered so far; by all channels.")
@_open.data
@options.as_json
@options.debug
def command(webhook: str | None, limit: int, failing: bool, data: str | None, as_json: bool, debug: bool) -> None:
    """List what was sent to WEBHOOK, or by all channels, and what is still to be sent; the newest first.

    WEBHOOK is the id of a webhook, or whom another channel tells: slack:#approvals, mail:anna@example.org.
    """
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table
    from strands_cli.inbox.endpoints import target_of

    if failing and webhook is not None:
        raise click.UsageError("give WEBHOOK, or --failing for all channels")
    known, target = _open.outbox(data).deliveries, "" if webhook is None else target_of(webhook)
    found = known.failing(limit=limit) if failing else known.newest(target, limit=limit)
    if as_json:
        print_json([each.to_dict() for each in found])
    elif found:
        print_text(table([_row(each) for each in found]))
    else:
        print_text("Nothing fails." if failing else "Nothing was sent yet.")


def _row(each: Delivery) -> tuple[str, ...]:
    from strands_cli.cli.phrases import when

    tried = f"{each.attempts} tries" if each.attempts != 1 else "1 try"
    then = f"again {when(each.next_at)}" if each.state == "due" and each.attempts else ""
    return (when(each.created_at), each.target, each.id, each.event, each.state, tried, then, each.problem)
