"""`strands webhooks`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import WEBHOOKS, LazyGroup


@click.group("webhooks", cls=LazyGroup, package="strands_cli.cli.webhooks", listing=WEBHOOKS)
def command() -> None:
    """Send what happens to other systems, signed as Standard Webhooks; `strands serve` and `strands tick` deliver."""
