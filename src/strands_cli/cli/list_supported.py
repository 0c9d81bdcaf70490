"""`strands list-supported`: what this build can run."""

from __future__ import annotations

import sys

import click

from strands_cli.cli import options


@click.command("list-supported")
@options.as_json
@options.debug
def command(as_json: bool, debug: bool) -> None:
    """List the patterns, providers and kinds of steps that this build runs, and commands of other packages."""
    from strands_cli.capability import providers
    from strands_cli.cli import others
    from strands_cli.cli.lines import laid_out
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.spec.registry import known_patterns

    supported: dict[str, list[str]] = {
        "patterns": list(known_patterns()),
        "providers": list(providers.known()),
        "steps": ["agent", "hitl", "tool", "http", "set", "fail", "for_each", "workflow"],
    }
    if commands := others.names():
        supported["commands"] = commands
    if as_json:
        print_json(supported)
    else:
        lines = (f"{kind}: {', '.join(names)}" for kind, names in supported.items())
        print_text(laid_out("\n".join(lines), sys.stdout))
