"""`strands store check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands.journal.transfer import SessionOutcome
    from strands_cli.session.repository import SessionRepository


@click.command("check")
@options.place
@options.as_json
@options.debug
def command(place: str | None, as_json: bool, debug: bool) -> int:
    """Read every session of STORE whole, those of agents too, and name what is wrong with any."""
    from strands_cli import errors
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.phrases import count
    from strands_cli.session.repository import existing_store

    store = existing_store(place)
    found = [*run_sync(lambda: _checked(store)), *_checked_of_agents(store)]
    wrong = {told.id: told.problem for told in found if told.problem}
    if as_json:
        print_json({"checked": len(found), "damaged": wrong})
    else:
        for session_id, problem in wrong.items():
            say(f"Damaged: {session_id}: {problem}.")
        say(f"{count(len(found), 'session')} checked, {len(wrong) or 'none'} damaged.")
    return errors.SESSION if wrong else errors.OK


async def _checked(store: SessionRepository) -> list[SessionOutcome]:
    from strands.journal.transfer import check_all

    return [told async for told in check_all(store)]


def _checked_of_agents(store: SessionRepository) -> list[SessionOutcome]:
    from strands.session.stores import sessions_of
    from strands.session.transfer import check_all

    sessions = sessions_of(store)
    return [] if sessions is None else list(check_all(sessions))
