"""`strands atomic list`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.atomic import _options


@click.command("list")
@_options.directory
@click.option("--all", "everything", is_flag=True, hidden=True, help="All are listed anyway.")
@options.as_json
@options.debug
def command(directories: tuple[str, ...], everything: bool, as_json: bool, debug: bool) -> None:
    """List the atomic agents; broken files too, with what is wrong."""
    from strands_cli.atomic import find
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table

    found = find(directories)
    if as_json:
        print_json(
            [
                each.agent.to_dict()
                if each.agent is not None
                else {"name": each.path.stem, "path": str(each.path), "error": str(each.error)}
                for each in found
            ]
        )
        return
    if not found:
        say("No atomic agents. Make one: strands atomic init NAME")
        return
    rows = [("NAME", "DESCRIPTION", "CONTRACT", "TESTS", "FILE")]
    for each in found:
        agent = each.agent
        if agent is None:
            rows.append(
                (each.path.stem, f"invalid: {getattr(each.error, 'message', each.error)}", "", "", str(each.path))
            )
            continue
        schemas = {"in": agent.agent.input_schema, "out": agent.agent.output_schema}
        contract = "+".join(word for word, schema in schemas.items() if schema is not None)
        rows.append((agent.name, agent.description, contract, "yes" if agent.tests else "", str(each.path)))
    print_text(table(rows))
