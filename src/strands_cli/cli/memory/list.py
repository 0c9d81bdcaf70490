"""`strands memory list`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("list")
@options.as_json
@options.debug
def command(as_json: bool, debug: bool) -> None:
    """List what is remembered: the memory, whose it is, and what it holds."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table
    from strands_cli.cli.sessions import _open

    found = _open.manager().memories()
    if as_json:
        print_json([each.to_dict() for each in found])
        return
    if not found:
        say("Nothing is remembered.")
        return
    rows = [("MEMORY", "WORKFLOW", "KEY", "HOLDS", "WRITTEN BY")]
    rows += [
        (each.id.name, each.id.workflow or "(all)", each.id.key, ", ".join(each.data), each.session) for each in found
    ]
    print_text(table(rows))
