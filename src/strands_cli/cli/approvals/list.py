"""`strands approvals list`."""

from __future__ import annotations

import time
from datetime import datetime

import click

from strands_cli.cli import options


@click.command("list")
@click.option("--all", "with_ended", is_flag=True, help="Also those that were revoked or rejected, or have expired.")
@options.as_json
@options.debug
def command(with_ended: bool, as_json: bool, debug: bool) -> None:
    """List the approvals that hold in every session: who gave them, for which tool, and until when."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table
    from strands_cli.cli.sessions import _open

    now = time.time()
    found = [each for each in _open.manager().remembered_approvals() if with_ended or each.holds(now)]
    if as_json:
        print_json([each.to_dict(now) for each in found])
        return
    if not found:
        say("No approval is remembered.")
        return
    rows = [("ID", "WORKFLOW", "AGENT", "TOOL", "FOR", "BY", "SINCE", "UNTIL", "STATE")]
    for each in found:
        until = "no end" if each.until is None else _day(each.until)
        state = each.ended or ("active" if each.holds(now) else "expired")
        scope = "the same arguments" if each.digest else "all calls"
        rows.append((each.id, each.workflow, each.agent, each.tool, scope, each.by, _day(each.at), until, state))
    print_text(table(rows))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
