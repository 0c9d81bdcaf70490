"""`strands schema`: the JSON Schema of workflow files."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("schema")
@options.debug
def command(debug: bool) -> None:
    """Print the JSON Schema of workflow files; editors complete and check with it.

    For the YAML language server, begin the file with: # yaml-language-server: $schema=PATH
    """
    from strands_cli.cli.outcome import print_json
    from strands_cli.schema.validator import json_schema

    print_json(json_schema())
