"""`strands sessions export`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands_cli.api.session_manager import Session

_AUDITED = ("asked", "answered", "cancelled")


@click.command("export")
@options.session_id
@click.option("--audit", is_flag=True, help="Only who answered what, when and why.")
@click.option("--json", "as_json", is_flag=True, help="JSON, which it always is.")
@options.debug
def command(session_id: str, audit: bool, as_json: bool, debug: bool) -> None:
    """Print session ID as JSON: workflow, inputs, history, open questions and audit."""
    from strands_cli.cli.outcome import print_json
    from strands_cli.cli.sessions import _open

    session = _open.session(session_id)
    print_json(_audit(session) if audit else _whole(session))


def _whole(session: Session) -> dict[str, Any]:
    from strands_cli.api.listing import summary
    from strands_cli.cli.sessions.show import used

    return {
        **summary(session),
        "spec": session.spec_dict,
        "inputs": session.inputs,
        **used(session),
        "history": [asdict(item) for item in session.history],
        "questions": [question.to_dict() for question in session.questions],
        "audit": _audit(session),
    }


def _audit(session: Session) -> list[Any]:
    from strands_cli.api.bridge import run_sync

    entries = run_sync(session.entries_async)
    return [
        {"seq": entry.seq, "at": entry.at, "kind": entry.kind, "key": entry.key, **entry.data}
        for entry in entries
        if entry.kind in _AUDITED
    ]
