"""`strands store`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import STORE_COMMANDS, LazyGroup


@click.group("store", cls=LazyGroup, package="strands_cli.cli.store", listing=STORE_COMMANDS)
def command() -> None:
    """Look after what sessions are kept in: a directory, sqlite:///PATH, postgresql://USER@HOST/DATABASE."""
