"""`strands token`: make, list and revoke API tokens."""

from __future__ import annotations

import click

from strands_cli.cli.app import TOKEN_COMMANDS, LazyGroup


@click.group("token", cls=LazyGroup, package="strands_cli.cli.token", listing=TOKEN_COMMANDS)
def command() -> None:
    """API tokens of the servers of a store, on this machine."""
