"""`strands store copy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands.journal.transfer import SessionOutcome


@click.command("copy")
@click.argument("source", metavar="FROM", shell_complete=completion.directories)
@click.argument("target", metavar="TO", shell_complete=completion.directories)
@options.as_json
@options.debug
def command(source: str, target: str, as_json: bool, debug: bool) -> int:
    """Copy all sessions from store FROM to store TO: the same lines and sums. What is in FROM stays there.

    Sessions of workflows, and those of agents, graphs and swarms, are copied alike. What is in TO already is left as it
    is, so a copy that was cut short can be run again. Let nothing run in FROM meanwhile: what goes on there afterwards
    is not in TO.
    """
    from strands_cli import errors
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.phrases import count

    found = [*run_sync(lambda: _copied(source, target)), *_copied_of_agents(source, target)]
    wrong = {told.id: told.problem for told in found if told.problem}
    there = [told.id for told in found if told.was_there]
    copied = len(found) - len(wrong) - len(there)
    if as_json:
        print_json({"copied": copied, "there_already": there, "not_copied": wrong})
    else:
        for session_id, problem in wrong.items():
            say(f"Not copied: {session_id}: {problem}.")
        more = f" {count(len(there), 'session')} there already." if there else ""
        say(f"Copied {count(copied, 'session')}.{more}")
    return errors.SESSION if wrong else errors.OK


async def _copied(source: str, target: str) -> list[SessionOutcome]:
    from strands.journal.transfer import copy_all
    from strands_cli.session.repository import existing_store, store_at

    return [told async for told in copy_all(existing_store(source), store_at(target))]


def _copied_of_agents(source: str, target: str) -> list[SessionOutcome]:
    from strands.session.stores import sessions_at
    from strands.session.transfer import copy_all

    return list(copy_all(sessions_at(source), sessions_at(target)))
