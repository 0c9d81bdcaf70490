"""`strands atomic`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import ATOMIC, LazyGroup


@click.group("atomic", cls=LazyGroup, package="strands_cli.cli.atomic", listing=ATOMIC)
def command() -> None:
    """Single-purpose agents: one a file, with a contract and tests. An AGENT is a name or a path."""
