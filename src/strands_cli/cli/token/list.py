"""`strands token list`."""

from __future__ import annotations

import json
import time

import click

from strands_cli.cli import options
from strands_cli.cli.token import _data


@click.command("list")
@_data.data
@options.as_json
def command(data: str | None, as_json: bool) -> int:
    """List the API tokens, the newest first; what they are is known to who has them alone."""
    from strands_cli.errors import OK
    from strands_cli.terminal.escape import visible

    tokens, now = _data.tokens(data).all(), time.time()
    if as_json:
        click.echo(json.dumps([{**each._asdict(), "valid": each.is_valid(now)} for each in tokens]))
        return OK
    for each in tokens:
        state = "revoked" if each.revoked_at is not None else "valid" if each.is_valid(now) else "expired"
        until = "for ever" if each.expires_at is None else time.strftime("until %Y-%m-%d", time.gmtime(each.expires_at))
        only = f" ({', '.join(each.workflows)} only)" if each.workflows else ""
        click.echo(visible(f"{each.id}  {state:8} {until}  {each.person}  {', '.join(each.scopes)}{only}"))
    if not tokens:
        click.echo("No tokens. Make one: strands token create --for NAME")
    return OK
