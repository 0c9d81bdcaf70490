"""`strands atomic validate`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.atomic import _options


@click.command("validate")
@_options.agent
@_options.directory
@options.as_json
@options.debug
def command(name: str, directories: tuple[str, ...], as_json: bool, debug: bool) -> int:
    """Check AGENT: its file, its contract, its tests."""
    from strands_cli.atomic import named
    from strands_cli.atomic.cases import load_cases
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import count
    from strands_cli.errors import StrandsError

    try:
        agent = named(name, directories)
        tests = len(load_cases(agent)) if agent.tests is not None else 0
    except StrandsError as error:
        if not as_json:
            raise
        print_json({"valid": False, "problems": [str(each) for each in getattr(error, "problems", [error.message])]})
        return error.exit_code
    if as_json:
        print_json({"valid": True, "name": agent.name, "problems": [], "tests": tests})
    else:
        print_text(f"{agent.path}: valid. {agent.name}: {count(tests, 'test')}.")
    return 0
