"""`strands webhooks receive`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("receive")
@click.argument("name", metavar="NAME")
@click.option("--workflow", metavar="NAME", default="", help="The workflow that each message starts.")
@click.option(
    "--field",
    "fields",
    metavar="FIELD=TEMPLATE",
    multiple=True,
    help="An input, as 'amount={{ body.amount }}'; without --workflow question=..., value=... and, for approvals, "
    "shown=...",
)
@_open.data
@options.as_json
@options.debug
def command(name: str, workflow: str, fields: tuple[str, ...], data: str | None, as_json: bool, debug: bool) -> None:
    """Take messages of another system at /hooks/NAME of the server: each starts a workflow, or answers a question.

    They are signed as Standard Webhooks with the secret that is printed once.
    """
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text

    pairs = dict(field.partition("=")[::2] for field in fields)
    hook = _open.hooks(data).add(name, workflow=workflow, fields=pairs)
    if as_json:
        print_json(hook._asdict())
        return
    then = f"starts {workflow}" if workflow else "answers a question"
    say(f"Each message to /hooks/{name} {then}. Its secret, which is not shown again:")
    print_text(hook.secret)
