"""`strands atomic test`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.atomic import _options


@click.command("test")
@_options.agent
@click.option("--only", "--filter", "only", metavar="TEXT", help="Only the tests whose name holds this.")
@_options.directory
@options.offline
@options.as_json
@options.debug
def command(
    name: str, only: str | None, directories: tuple[str, ...], offline: bool, as_json: bool, debug: bool
) -> int:
    """Run the tests of AGENT, which stand in AGENT.tests.yaml beside it.

    A test has a name, an input (or "./FILE.json"), what to expect (contains, not_contains, matches, equals, fields,
    min_length, max_length, output_schema, checks, fails), and may have the model's reply; without one the model is
    asked. Exits with 10 if one fails.
    """
    import asyncio

    from strands_cli.atomic import named, run_cases
    from strands_cli.cli import logs
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.errors import RUNTIME

    logs.configure(debug=debug)
    agent = named(name, directories)
    results = asyncio.run(run_cases(agent, only=only, offline=offline))
    failed = sum(not result.passed for result in results)
    if as_json:
        print_json(
            {
                "agent": agent.name,
                "passed": len(results) - failed,
                "failed": failed,
                "tests": [result.to_dict() for result in results],
            }
        )
    else:
        for result in results:
            print_text(f"{'ok  ' if result.passed else 'FAIL'} {result.name}")
            for problem in result.problems:
                print_text(f"     {problem}")
        print_text(f"{len(results) - failed} passed, {failed} failed.")
    return RUNTIME if failed else 0
