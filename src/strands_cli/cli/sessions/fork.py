"""`strands sessions fork`."""

from __future__ import annotations

import click

from strands_cli.cli import completion, options


@click.command("fork")
@options.session_id
@click.option(
    "--at",
    "at",
    metavar="KEY",
    required=True,
    shell_complete=completion.steps,
    help="The first step that is to run again, as in `sessions show`.",
)
@options.as_json
@options.debug
def command(session_id: str, at: str, as_json: bool, debug: bool) -> None:
    """Copy session ID up to (without) the step KEY, to go on differently. The original stays as it is."""
    from strands_cli.api.listing import summary
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.sessions import _open

    forked = _open.session(session_id).fork(at=at)
    if as_json:
        print_json(summary(forked))
        return
    print_text(forked.id)
    say(f"Go on: strands resume {forked.id}")
