"""`strands plan`: what would run."""

from __future__ import annotations

from dataclasses import asdict

import click

from strands_cli.cli import options


@click.command("plan")
@options.spec
@options.as_json
@options.debug
def command(spec: str, as_json: bool, debug: bool) -> None:
    """Show what the workflow in SPEC would run, in which order, and where it asks. Nothing is run."""
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.loader import load_file
    from strands_cli.plan import plan, text
    from strands_cli.plan.gates import gates

    loaded = load_file(spec)
    planned = plan(loaded)
    if as_json:
        shown = ("nodes", "edges", "starts", "ends")
        parts = {name: value for name, value in asdict(planned).items() if name in shown}
        print_json({**parts, "gates": gates(loaded)})
        return
    print_text(text(planned).rstrip())
