"""`strands memory clear`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.memory import _options


@click.command("clear")
@_options.name
@_options.workflow
@_options.key
@options.debug
def command(name: str, workflow: str | None, key: str | None, debug: bool) -> None:
    """Forget what the memory holds, for all workflows and keys that have one, or for some."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.phrases import count
    from strands_cli.cli.sessions import _open

    cleared = _open.manager().clear_memory(name, workflow=workflow, key=key)
    say(f"Cleared {count(cleared, 'document')}." if cleared else f"Nothing is remembered as {name!r}.")
