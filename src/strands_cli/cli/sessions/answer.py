"""`strands sessions answer`."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("answer")
@options.waiting_session_id
@click.option("--response", "-r", "response", metavar="TEXT", help="The answer to the only open question.")
@options.answers
@click.option("--by", metavar="NAME", help="Who answers; by default the user of this terminal.")
@click.option("--reason", metavar="TEXT", help="Why, for the record.")
@options.as_json
@options.debug
def command(
    session_id: str,
    response: str | None,
    answers: tuple[str, ...],
    by: str | None,
    reason: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Record an answer in session ID without running anything; a run that is alive goes on by itself."""
    from functools import partial

    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.placeholders import check_filled_in
    from strands_cli.cli.resuming import CHANNEL, parse_answers
    from strands_cli.cli.sessions import _open
    from strands_cli.terminal.escape import brief

    session = _open.to_answer(session_id, answers, response)
    given = session.meant(response, parse_answers(session, answers))
    check_filled_in(session.questions, given)
    if not given:
        raise click.UsageError("an answer is missing: --response TEXT or --answer QUESTION=VALUE")
    run_sync(partial(session.answer_all_async, given, by=by, reason=reason, channel=CHANNEL))
    if as_json:
        print_json({"session_id": session.id, "answered": list(given)})
        return
    then = f"Go on: strands resume {session.id}"
    if session.is_over:
        then = f"The session is {session.status}."
    elif session.workflow_name in _open.workflows_of_workers():
        then = f"A worker goes on with it: strands sessions show {session.id}"
    waiting = [each for each in session.questions if each.id in given]
    if waiting:
        others = ", ".join(brief(each.id) for each in waiting)
        then = f"Others have to say so too: {others}. Votes so far: strands sessions questions {session.id}"
    say(f"Recorded: {', '.join(map(brief, given))}. {then}")
