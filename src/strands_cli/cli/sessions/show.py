"""`strands sessions show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands_cli.api.history import HistoryItem
    from strands_cli.api.session_manager import Session


@click.command("show")
@options.session_id
@click.option("--full", is_flag=True, help="Show whole responses and ids, however long.")
@options.as_json
@options.debug
def command(session_id: str, full: bool, as_json: bool, debug: bool) -> None:
    """Show session ID: its state, its timeline with times and tokens, and what is open."""
    import sys

    from strands_cli.api.listing import summary
    from strands_cli.cli.lines import laid_out
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.sessions import _open

    session = _open.session(session_id)
    unfit = _open.unfit_reasons([summary(session)]).get(session.id)
    if as_json:
        print_json({**everything(session), **({"unfit": unfit} if unfit else {})})
    else:
        print_text("\n".join(laid_out(line, sys.stdout) for line in _lines(session, full, unfit)))


def everything(session: Session) -> dict[str, Any]:
    """Return all that is told of a session, as plain JSON values."""
    from dataclasses import asdict

    from strands_cli.api.listing import summary
    from strands_cli.cli.sessions._acts import acts

    return {
        **summary(session),
        "inputs": session.inputs,
        **used(session),
        "error": session.error,
        "response": session.response,
        "execution_context": session.execution_context,
        "forked_from": None if session.forked_from is None else session.forked_from.to_dict(),
        "history": [asdict(item) for item in session.history],
        "questions": [question.to_dict() for question in session.questions],
        "on_questions": acts(session),
    }


def used(session: Session) -> dict[str, Any]:
    """Return what a session used, by agent, and what that cost, as plain JSON values."""
    costs = session.costs
    return {
        "token_usage": session.token_usage,
        "usage": session.usage,
        "cost": costs.total if costs else None,
        "cost_by_agent": costs.by_agent if costs else dict.fromkeys(session.token_usage),
        "unpriced_models": costs.unpriced if costs else [],
    }


def _fork(session: Session, full: bool) -> Iterator[str]:
    from strands_cli.terminal.escape import one_line

    fork = session.forked_from
    if fork is None:
        return
    yield f"Fork      of {fork.session} at {one_line(fork.at)}{f', by {one_line(fork.by)}' if fork.by else ''}"
    for key, prompt in fork.prompts.items():
        yield f"Prompt    {one_line(key)}: {one_line(prompt, 0 if full else 100)}"


def _lines(session: Session, full: bool, unfit: str | None) -> Iterator[str]:
    from strands_cli.cli.phrases import when
    from strands_cli.cli.sessions._acts import acts, closed
    from strands_cli.terminal.escape import one_line

    yield f"Session   {session.id}"
    yield f"Status    {session.status}"
    if unfit:
        yield f"Unfit     {one_line(unfit)}"
    yield f"Workflow  {one_line(session.workflow_name)} ({session.pattern})"
    yield from _fork(session, full)
    yield f"Started   {when(session.created_at)}"
    yield f"Used      {when(session.updated_at)}"
    usage = ", ".join(f"{agent} {tokens:,}" for agent, tokens in session.token_usage.items())
    yield f"Tokens    {sum(session.token_usage.values()):,}{f' ({usage})' if usage else ''}"
    yield from _cost(session)
    if session.error:
        yield f"Error     {one_line(session.error)}"
    for name, value in session.inputs.items():
        yield f"Input     {one_line(name)} = {one_line(value, 0 if full else 100)}"
    yield ""
    yield "Timeline"
    done = acts(session)
    yield from _timeline(session, done, full)
    answered = list(closed(session, done, full))
    if answered:
        yield ""
        yield "Answered"
        yield from answered
    yield from open_questions(session, full)


def _cost(session: Session) -> Iterator[str]:
    from strands_cli.cli.outcome import spent
    from strands_cli.kernel.usage import money

    costs = session.costs
    if costs is None:
        return
    agents = ", ".join(
        f"{agent} {'unknown' if each is None else money(each)}" for agent, each in costs.by_agent.items()
    )
    total = spent(costs.total, costs.unpriced).removeprefix("cost ") or money(0.0)
    yield f"Cost      {total}{f' ({agents})' if agents else ''}"


def _timeline(session: Session, done: Iterable[Mapping[str, Any]], full: bool) -> Iterator[str]:
    import time

    from strands_cli.cli.phrases import seconds, table
    from strands_cli.cli.sessions._acts import said
    from strands_cli.kernel.state import ON_QUESTIONS
    from strands_cli.terminal.escape import brief

    timed: list[tuple[float, tuple[str, ...]]] = []
    for item in session.history:
        clock = time.strftime("%H:%M:%S", time.localtime(item.started_at)) if item.started_at else ""
        tokens = f"{item.tokens:,} tokens" if item.tokens else ""
        lasted = seconds(item.duration) if item.duration is not None else ""
        key = item.key if full else brief(item.key)
        row = (f"  {clock}", key, item.agent_id or item.kind, lasted, tokens, _text(_came_to(item), full))
        timed.append((item.started_at, row))
    for act in done:
        if act["kind"] in ON_QUESTIONS:
            clock = time.strftime("%H:%M:%S", time.localtime(act["at"]))
            key = act["question"] if full else brief(act["question"])
            timed.append((act["at"], (f"  {clock}", key, act["kind"], "", "", said(act, 0 if full else 100))))
    rows = [row for _, row in sorted(timed, key=lambda each: each[0])]
    yield from (table(rows, whole=full, shorten=1) or "  nothing yet").split("\n")


def _came_to(item: HistoryItem) -> str | None:
    from strands_cli.kernel.state import NOBODY

    if item.error is not None:
        return f"failed: {item.error}"
    if item.timed_out:
        return f"{item.text} ({NOBODY})"
    return f"{item.text} (by {item.by})" if item.by else item.text


def _text(text: Any, full: bool) -> str:
    from strands_cli.terminal.escape import one_line

    return one_line(text or "", 0 if full else 100)


def open_questions(session: Session, full: bool) -> Iterator[str]:
    """Yield what a session that is at rest waits for, and how it goes on."""
    from strands_cli.cli.outcome import allowed, named, resume_command
    from strands_cli.terminal.escape import exact_line

    if session.status == "answered":
        yield ""
        yield f"No question waits: each is answered or past its deadline. Go on: {resume_command(session.id)}"
    if session.status == "queued":
        yield ""
        yield "It waits for a worker: strands worker list shows those that are alive."
    if session.status == "interrupted":
        yield ""
        yield f"Its process ended before it did. Go on: {resume_command(session.id)}"
    if not session.questions:
        return
    yield ""
    yield "Waits for"
    for question in session.questions:
        yield f"  {named(question)}: {exact_line(question.prompt, 200)}{allowed(question)}"
    yield f"Resume: {resume_command(session.id, session.questions, full=full)}"
