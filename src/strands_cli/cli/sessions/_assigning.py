"""With whom a question is: what the commands about that share."""

from __future__ import annotations

import time


def run(
    session_id: str,
    question_id: str,
    *,
    to: str | None,
    as_json: bool,
    why: str = "",
    hours: float | None = None,
) -> None:
    """Record with whom a question is from now on, and say so.

    Args:
        session_id: The session's id, or how that alone begins.
        question_id: The question: its id, its number, or how its id alone begins.
        to: Whom it is left to; None for who types this, "" for nobody.
        as_json: Print it as JSON.
        why: Why, for the record.
        hours: For how long, or None.
    """
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.phrases import when
    from strands_cli.cli.question_names import meant
    from strands_cli.cli.sessions import _open
    from strands_cli.kernel.principal import os_principal

    session, who = _open.session(session_id), os_principal("terminal")
    until = None if hours is None else time.time() + hours * 3600
    question_id = meant(session, question_id) or question_id
    whom = who.who if to is None else to
    run_sync(lambda: session.assign_async(question_id, whom, by=who, why=why, until=until))
    question = session.question(question_id)
    assert question is not None
    if as_json:
        print_json({"session_id": session.id, "question": question_id, "assignee": question.assignee})
    elif not question.assignee:
        say(f"{question_id} is with nobody.")
    else:
        end = f" until {when(question.assigned_until)}" if question.assigned_until else ""
        say(f"{question_id} is with {question.assignee}{end}.")
