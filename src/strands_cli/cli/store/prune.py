"""`strands store prune`."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import click

from strands_cli.cli import options


@click.command("prune")
@options.place
@click.option(
    "--older-than-days", type=options.FiniteRange(0), default=30, show_default=True, help="Keep what was used since."
)
@click.option(
    "--status",
    "statuses",
    type=click.Choice(["completed", "cancelled"]),
    multiple=True,
    default=("completed", "cancelled"),
    help="Only these; both by default.",
)
@click.option("--agents", is_flag=True, help="Delete sessions of agents, graphs and swarms too, that rest and are old.")
@click.option("--batch", type=click.IntRange(1), default=1000, show_default=True, help="Delete so many at once.")
@click.option("--dry-run", is_flag=True, help="Delete nothing; say how many would be.")
@options.as_json
@options.debug
def command(
    place: str | None,
    older_than_days: float,
    statuses: tuple[str, ...],
    agents: bool,
    batch: int,
    dry_run: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Delete workflow sessions of STORE that are over and old, in batches; what can still go on always stays.

    A conversation of an agent can always go on, so --agents goes by age alone; one in which a question is open, that is
    at work, or whose last call was cut off stays.
    """
    from strands_cli.api.cleanup import DAY
    from strands_cli.api.session_manager import SessionManager
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.phrases import count
    from strands_cli.session.repository import existing_store

    manager = SessionManager(repository=existing_store(place))
    removed = _in_batches(partial(manager.prune, older_than_days, statuses=statuses), batch, dry_run)
    if agents:
        from strands.session.stores import sessions_of

        sessions, before = sessions_of(existing_store(place)), time.time() - older_than_days * DAY
        if sessions is not None:
            removed += _in_batches(partial(sessions.prune, before=before), batch, dry_run)
    if as_json:
        print_json({"would_delete" if dry_run else "deleted": removed})
    else:
        say(f"{'Would delete' if dry_run else 'Deleted'} {count(len(removed), 'session')}.")


def _in_batches(prune: Callable[..., list[str]], batch: int, dry_run: bool) -> list[str]:
    removed: list[str] = []
    while True:
        gone = prune(limit=1_000_000_000 if dry_run else batch, dry_run=dry_run)
        removed += gone
        if dry_run or len(gone) < batch:
            return removed
