"""`strands webhooks list`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("list")
@_open.data
@options.as_json
@options.debug
def command(data: str | None, as_json: bool, debug: bool) -> None:
    """List the webhooks."""
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table

    found = _open.outbox(data).endpoints.list()
    if as_json:
        print_json([each.to_dict() for each in found])
        return
    rows = [
        (
            each.id,
            "disabled" if each.disabled_at is not None else "enabled",
            each.url,
            " ".join(each.events) or "all events",
            each.problem,
        )
        for each in found
    ]
    print_text(table(rows) if rows else "No webhooks. Add one: strands webhooks add URL.")
