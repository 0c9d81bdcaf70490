"""`strands audit`: one file a command."""

from __future__ import annotations

import click

from strands_cli.cli.app import AUDIT, LazyGroup


@click.group("audit", cls=LazyGroup, package="strands_cli.cli.audit", listing=AUDIT)
def command() -> None:
    """Say who decided what, and verify that nothing of it was changed since."""
