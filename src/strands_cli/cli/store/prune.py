"""`strands store prune`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("prune")
@options.place
@click.option(
    "--older-than-days", type=click.FloatRange(0), default=30, show_default=True, help="Keep what was used since."
)
@click.option(
    "--status",
    "statuses",
    type=click.Choice(["completed", "cancelled"]),
    multiple=True,
    default=("completed", "cancelled"),
    help="Only these; both by default.",
)
@click.option("--batch", type=click.IntRange(1), default=1000, show_default=True, help="Delete so many at once.")
@click.option("--dry-run", is_flag=True, help="Delete nothing; say how many would be.")
@options.as_json
@options.debug
def command(
    place: str | None,
    older_than_days: float,
    statuses: tuple[str, ...],
    batch: int,
    dry_run: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Delete workflow sessions of STORE that are over and old, in batches; what can still go on always stays."""
    from strands_cli.api.session_manager import SessionManager
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.phrases import count
    from strands_cli.session.repository import existing_store

    manager = SessionManager(repository=existing_store(place))
    removed: list[str] = []
    while True:
        most = 1_000_000_000 if dry_run else batch
        gone = manager.prune(older_than_days, statuses=statuses, limit=most, dry_run=dry_run)
        removed += gone
        if dry_run or len(gone) < batch:
            break
    if as_json:
        print_json({"would_delete" if dry_run else "deleted": removed})
    else:
        say(f"{'Would delete' if dry_run else 'Deleted'} {count(len(removed), 'session')}.")
