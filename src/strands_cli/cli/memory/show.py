"""`strands memory show`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.memory import _options


@click.command("show")
@_options.name
@_options.workflow
@_options.key
@options.debug
def command(name: str, workflow: str | None, key: str | None, debug: bool) -> None:
    """Print what the memory holds, as JSON: a list, for each workflow and key that has one."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open

    found = _open.manager().memories(name, workflow=workflow, key=key)
    print_json([each.to_dict() for each in found])
    if not found:
        say(f"No run has written a memory {name!r} like that: strands memory list shows what there is.")
