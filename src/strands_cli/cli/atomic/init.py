"""`strands atomic init`."""

from __future__ import annotations

import shlex

import click

from strands_cli.cli import completion, options


@click.command("init")
@click.argument("name", metavar="NAME")
@click.option(
    "--dir",
    "directory",
    metavar="DIR",
    default="atomic",
    show_default=True,
    shell_complete=completion.directories,
    help="Where to write it.",
)
@click.option("--domain", metavar="TEXT", help="What it is about, for those who look for agents.")
@click.option("--capability", metavar="TEXT", help="What it can do, for those who look for agents.")
@click.option("--force", is_flag=True, help="Overwrite the files if they exist.")
@options.debug
def command(name: str, directory: str, domain: str | None, capability: str | None, force: bool, debug: bool) -> None:
    """Write a commented agent with a contract, and its tests, to start from."""
    from strands_cli.atomic import init
    from strands_cli.cli.errors import say

    files = init(name, directory, overwrite=force, labels={"domain": domain, "capability": capability})
    say(f"Wrote {' and '.join(str(path) for path in files)}.")
    say(f"Test it without a key: strands atomic test {shlex.quote(str(files[0]))} --offline")
