"""`strands audit tail`."""

from __future__ import annotations

import sys
from typing import Any

import click

from strands_cli.cli import options


@click.command("tail")
@click.option("--follow", "-f", is_flag=True, help="Go on with what is decided from now on, until Ctrl-C.")
@click.option("--lines", "-n", type=click.IntRange(0), default=10, show_default=True, help="Begin with the last ones.")
@options.as_json
@options.debug
def command(follow: bool, lines: int, as_json: bool, debug: bool) -> None:
    """Print the last decisions in all sessions, in the order in which they were signed."""
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.audit import _open

    store = _open.store()
    run_sync(lambda: _tail(store, lines, follow, as_json))


async def _tail(store: Any, lines: int, follow: bool, as_json: bool) -> None:
    from strands_cli.audit.decisions import as_jsonl
    from strands_cli.audit.tail import tail
    from strands_cli.terminal.device import write
    from strands_cli.terminal.escape import visible

    async for row in tail(store, last=lines, follow=follow):
        write(sys.stdout, (as_jsonl(row) if as_json else visible(_line(row))) + "\n")
        sys.stdout.flush()


def _line(row: dict[str, Any]) -> str:
    from strands_cli.cli.phrases import when
    from strands_cli.terminal.escape import one_line

    said = "" if row["value"] is None else f" {one_line(str(row['value']), 60)}"
    how = ", ".join(str(each) for each in (row["auth"], row["via"]) if each)
    who = f" by {one_line(str(row['by']))}{f' ({how})' if how else ''}" if row["by"] else ""
    about = f" {one_line(row['question'])}" if row["question"] else ""
    return f"{when(row['at'])}  {row['session']}  {row['kind']}{about}{said}{who}"
