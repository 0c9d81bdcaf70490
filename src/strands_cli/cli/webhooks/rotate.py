"""`strands webhooks rotate`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("rotate")
@_open.webhook
@_open.data
@options.debug
def command(webhook: str, data: str | None, debug: bool) -> None:
    """Give WEBHOOK a new secret, which is printed; for a day what is sent is signed with the old one as well."""
    from strands_cli.cli.outcome import print_text

    print_text(_open.outbox(data).endpoints.rotate(webhook))
