"""`strands atomic describe`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from strands_cli.cli import options
from strands_cli.cli.atomic import _options


@click.command("describe")
@_options.agent
@_options.directory
@click.option(
    "--format", "-f", "form", type=click.Choice(["text", "json", "yaml"]), default="text", help="How to say it."
)
@options.as_json
@options.debug
def command(name: str, directories: tuple[str, ...], form: str, as_json: bool, debug: bool) -> None:
    """Say what AGENT is for, what it takes and what it gives."""
    from strands_cli.atomic import named
    from strands_cli.cli.outcome import print_json, print_text

    told = named(name, directories).to_dict()
    if as_json or form == "json":
        print_json(told)
    elif form == "yaml":
        from strands_cli.spec.dump import to_yaml

        print_text(to_yaml(told).rstrip())
    else:
        print_text("\n".join(_lines(told)))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield told["name"] + (f": {told['description']}" if told["description"] else "")
    yield f"File: {told['path']}"
    yield f"Model: {' '.join(str(told[key]) for key in ('provider', 'model_id') if told[key])}"
    if told["tools"]:
        yield f"Tools: {', '.join(told['tools'])}"
    if told["inputs"]:
        yield f"Variables: {', '.join(f'{name} ({kind})' for name, kind in told['inputs'].items())}"
    for title, key in (("Takes", "input_schema"), ("Gives", "output_schema")):
        schema = told[key]
        yield f"{title}: {'any text' if schema is None else json.dumps(schema, indent=2, ensure_ascii=False)}"
    yield f"Tests: {told['tests'] or 'none'}"
