"""`strands token create`."""

from __future__ import annotations

import json

import click

from strands_cli.cli import options
from strands_cli.cli.token import _data


@click.command("create")
@click.option("--for", "person", required=True, metavar="NAME", help="Whom it is for: a name of people.yaml, or any.")
@click.option(
    "--scope", "scopes", metavar="SCOPES", multiple=True, help="What it may do: questions:answer,sessions:read,..."
)
@click.option("--workflow", "workflows", metavar="NAME", multiple=True, help="Only with this workflow.")
@click.option("--days", type=options.FiniteRange(0), default=90.0, show_default=True, help="Days it lasts; 0 for ever.")
@_data.data
@options.as_json
def command(
    person: str, scopes: tuple[str, ...], workflows: tuple[str, ...], days: float, data: str | None, as_json: bool
) -> int:
    """Make an API token and print it: it is shown this once, and only its hash is kept."""
    from strands_cli.errors import OK

    tokens = _data.tokens(data)
    named = [scope.strip() for each in scopes for scope in each.split(",") if scope.strip()]
    how = {"scopes": named} if named else {}
    token, secret = tokens.create(person, workflows=workflows, days=days or None, **how)
    if as_json:
        click.echo(json.dumps({**token._asdict(), "token": secret}))
        return OK
    click.echo(f"Token {token.id} for {token.person}: {', '.join(token.scopes)}. It is not shown again:", err=True)
    click.echo(secret)
    click.echo("Send it as: Authorization: Bearer TOKEN", err=True)
    return OK
