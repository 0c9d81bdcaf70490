"""`strands resume`: go on with a session where it stopped."""

from __future__ import annotations

from typing import Any

import click

from strands_cli.cli import completion, options


@click.command("resume")
@options.open_session_id
@click.option("--response", "-r", "response", metavar="TEXT", help="The answer to the only open question.")
@options.answers
@click.option(
    "--spec",
    "spec",
    metavar="FILE",
    shell_complete=completion.files,
    help="The workflow file, mended: what is not finished is taken from it.",
)
@click.option("--trace", is_flag=True, help="Write what happened, with times and tokens, to NAME-trace.json.")
@options.resuming
@options.running
def command(
    session_id: str, response: str | None, answers: tuple[str, ...], spec: str | None, trace: bool, **how: Any
) -> int:
    """Go on with session ID (or an unambiguous beginning of it). What is finished does not run again."""
    from strands_cli.cli import resuming

    chosen = resuming.RunOptions(**how)
    return resuming.go_on(session_id, chosen, response=response, answers=answers, trace=trace, spec=spec)
