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
    shell_complete=completion.steps,
    help="The first step that is to run again, as in `sessions show`; default: the question that --answer names.",
)
@options.answers
@click.option("--prompt", metavar="TEXT", help="What the step KEY is told instead.")
@options.as_json
@options.debug
def command(
    session_id: str, at: str | None, answers: tuple[str, ...], prompt: str | None, as_json: bool, debug: bool
) -> None:
    """Copy session ID up to (without) the step KEY, to go on differently. The original stays as it is.

    An answer is a new one, by you: you have to be somebody who may give it. With another prompt, what is asked from
    then on shows that prompt.
    """
    from strands_cli.api.listing import summary
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.question_names import meant
    from strands_cli.cli.resuming import parse_answers
    from strands_cli.cli.sessions import _open
    from strands_cli.kernel.principal import os_principal

    if at is None and (prompt is not None or not answers):
        raise click.UsageError("name the step that is to run again: --at KEY")
    session = _open.session(session_id)
    if at is not None and at[:1] in "qQ" and at[1:].isdigit():
        at = meant(session, at) or at
    given = parse_answers(session, answers)
    prompts = None if prompt is None or at is None else {at: prompt}
    forked = session.fork(at, answers=given, prompts=prompts, by=os_principal("terminal"))
    if as_json:
        print_json(summary(forked))
        return
    print_text(forked.id)
    say(f"Go on: strands resume {forked.id}")
