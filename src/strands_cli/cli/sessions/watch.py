"""`strands sessions watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session

_PAUSE = 0.5  # seconds between two looks


@click.command("watch")
@options.open_session_id
@options.verbose
@options.as_json
@options.debug
def command(session_id: str, verbose: bool, as_json: bool, debug: bool) -> None:
    """Follow session ID, from its beginning, until nothing drives it or waits to. It only reads: Ctrl-C ends no run."""
    import sys

    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.lines import laid_out
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.sessions import _open
    from strands_cli.cli.sessions.show import everything, open_questions

    session = _open.session(session_id)
    run_sync(lambda: _followed(session, verbose))
    if as_json:
        print_json(everything(session))
        return
    lines = [f"Session {session.id} is {session.status}.", *open_questions(session, False)]
    print_text("\n".join(laid_out(line, sys.stdout) for line in lines))


async def _followed(session: Session, verbose: bool) -> None:
    """Show what happens until the session is at rest; what was read last is what rested."""
    import asyncio
    import sys

    from strands_cli.api.following import Folding
    from strands_cli.terminal.progress import ProgressDisplay

    folding = Folding(session.id)
    with ProgressDisplay(sys.stderr, verbose=verbose) as display:
        while True:
            await session.refresh_async()
            rests = session.status not in ("running", "queued")
            for event in folding.take(await session.entries_async(folding.state.count)):
                display(event)
            if rests:
                return
            await asyncio.sleep(_PAUSE)
