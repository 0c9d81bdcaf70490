"""`strands audit export`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository


@click.command("export")
@click.argument("session_ids", metavar="[ID]...", nargs=-1, shell_complete=completion.sessions)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="How it is written.",
)
@options.debug
def command(session_ids: tuple[str, ...], kind: str, debug: bool) -> None:
    """Print one row for each decision of sessions, or of all: who, how that is known, when, what was shown and said."""
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.audit import _open

    store = _open.store()
    run_sync(lambda: _export(store, _open.ids(session_ids), kind))


async def _export(store: SessionRepository, session_ids: Sequence[str] | None, kind: str) -> None:
    from strands_cli.audit.decisions import as_csv, as_jsonl, csv_header, decisions
    from strands_cli.terminal.device import write

    if kind == "csv":
        write(sys.stdout, csv_header() + "\n")
    async for row in decisions(store, session_ids):
        write(sys.stdout, (as_csv(row) if kind == "csv" else as_jsonl(row)) + "\n")
