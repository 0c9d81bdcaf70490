"""`strands sessions cleanup`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("cleanup")
@click.option(
    "--max-age-days", type=click.FloatRange(0), default=7, show_default=True, help="Keep what was used since."
)
@options.as_json
@options.debug
def command(max_age_days: float, as_json: bool, debug: bool) -> None:
    """Delete sessions that were not used for so many days. Those with open questions, or alive, are kept."""
    from strands_cli.cli.ending import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open
    from strands_cli.cli.wording import count

    deleted = _open.manager().cleanup_old_sessions(max_age_days=max_age_days)
    if as_json:
        print_json({"deleted": deleted})
    else:
        say(f"Deleted {count(len(deleted), 'session')}.")
