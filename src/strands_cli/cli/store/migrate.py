"""`strands store migrate`."""

from __future__ import annotations

from typing import Any

import click

from strands_cli.cli import options


@click.command("migrate")
@options.place
@options.debug
def command(place: str | None, debug: bool) -> None:
    """Make the tables of a database, or bring them up to date; STORE is where sessions are kept by default.

    It may be run by several at once, and again: what is up to date is left as it is.
    """
    from strands_cli.cli.errors import say
    from strands_cli.session.repository import store_at

    database: Any = getattr(store_at(place), "database", None)
    if database is None:
        say("A directory has no tables; there is nothing to do.")
        return
    before, now = database.migrate()
    said = f"tables of version {now}" if now != before else f"tables of version {now} already"
    say(f"{database.name} has {said}.")
