"""`strands worker list`."""

from __future__ import annotations

import sys

import click

from strands_cli.cli import options


@click.command("list")
@options.as_json
@options.debug
def command(as_json: bool, debug: bool) -> None:
    """List the workers of the store that are alive, and the sessions that they are unfit for."""
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.errors import say
    from strands_cli.cli.lines import laid_out
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import ago, table
    from strands_cli.session.repository import check_named, store_at
    from strands_cli.terminal.escape import one_line
    from strands_cli.worker.listing import alive

    check_named()
    found = run_sync(lambda: alive(store_at()))
    if as_json:
        print_json(found)
        return
    if not found:
        say("No workers.")
        return
    rows = [("HOST", "PID", "BUSY", "SINCE", "ENGINE", "WORKFLOWS")]
    for each in found:
        busy = f"{each['at_work']}/{each['slots']}{' draining' if each['draining'] else ''}"
        rows.append(
            (each["host"], str(each["pid"]), busy, ago(each["since"]), each["engine"], ", ".join(each["workflows"]))
        )
    print_text(table(rows))
    for each in found:
        for session_id, reason in each["unfit"].items():
            line = f"Unfit: {each['host']} {each['pid']} for {session_id}: {one_line(reason)}"
            print_text(laid_out(line, sys.stdout))
