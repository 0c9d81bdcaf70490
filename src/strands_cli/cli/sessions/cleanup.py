"""`strands sessions cleanup`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("cleanup")
@click.option(
    "--max-age-days", type=options.FiniteRange(0), default=7, show_default=True, help="Keep what was used since."
)
@click.option("--paused", is_flag=True, help="Delete also those that wait for an answer that nobody has given.")
@click.option("--dry-run", is_flag=True, help="Delete nothing; say what would be deleted.")
@options.as_json
@options.debug
def command(max_age_days: float, paused: bool, dry_run: bool, as_json: bool, debug: bool) -> None:
    """Delete sessions that are over and were not used for so many days; say which others stay, and why."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.phrases import count
    from strands_cli.cli.sessions import _open

    found = _open.manager().cleanup_old_sessions(max_age_days=max_age_days, paused=paused, dry_run=dry_run)
    for session_id, reason in found.kept.items():
        say(f"Kept {session_id}: {reason}.")
    if as_json and dry_run:
        print_json({"deleted": [], "would_delete": list(found), "kept": found.kept})
    elif as_json:
        print_json({"deleted": list(found)})
    elif dry_run:
        say("\n".join(f"Would delete {session_id}." for session_id in found) or "Nothing to delete.")
    else:
        say(f"Deleted {count(len(found), 'session')}.")
