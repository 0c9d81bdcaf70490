"""`strands memory`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import MEMORY, LazyGroup


@click.group("memory", cls=LazyGroup, package="strands_cli.cli.memory", listing=MEMORY)
def command() -> None:
    """List, show and clear what runs remember for later ones: the `memory` of workflows."""
