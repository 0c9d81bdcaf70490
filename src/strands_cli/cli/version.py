"""`strands version`."""

from __future__ import annotations

import platform

import click

from strands_cli.cli import options


@click.command("version")
@options.as_json
@options.debug
def command(as_json: bool, debug: bool) -> None:
    """Print the version, and that of Python."""
    from strands._version import __version__
    from strands_cli.cli.outcome import print_json

    if as_json:
        print_json({"strands": __version__, "python": platform.python_version()})
    else:
        click.echo(f"strands {__version__} (Python {platform.python_version()})")
