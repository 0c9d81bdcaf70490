"""`strands sessions list`."""

from __future__ import annotations

import click

from strands_cli.cli import completion, options

_STATES = ("running", "queued", "interrupted", "paused", "answered", "failed", "completed", "cancelled")


@click.command("list")
@click.option("--status", type=click.Choice(_STATES), help="Only these.")
@click.option("--workflow", metavar="NAME", shell_complete=completion.workflows, help="Only those of this workflow.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--full", is_flag=True, help="Show whole ids, however long.")
@options.as_json
@options.debug
def command(status: str | None, workflow: str | None, limit: int, full: bool, as_json: bool, debug: bool) -> None:
    """List sessions, the newest first."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import ago, table
    from strands_cli.cli.sessions._open import manager, unfit_reasons

    found = manager().summaries(status=status, workflow=workflow, limit=limit)
    reasons = unfit_reasons(found)
    if as_json:
        print_json([{**each, "unfit": reasons[each["id"]]} if each["id"] in reasons else each for each in found])
        return
    if not found:
        say("No sessions.")
        return
    rows = [("ID", "STATUS", "USED", "TOKENS", "WAITS FOR", "WORKFLOW")]
    for each in found:
        waits = ", ".join(each["questions"])
        tokens = f"{each['tokens']:,}" if each["tokens"] else ""
        shown = "unfit" if each["id"] in reasons else each["status"]
        rows.append((each["id"], shown, ago(each["updated_at"]), tokens, waits, each["workflow"]))
    print_text(table(rows, whole=full, shorten=4))
    if reasons:
        say("No worker is fit for what is unfit; why: strands sessions show ID.")
