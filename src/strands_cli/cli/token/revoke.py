"""`strands token revoke`."""

from __future__ import annotations

import click

from strands_cli.cli.token import _data


@click.command("revoke")
@click.argument("token_id", metavar="ID")
@_data.data
def command(token_id: str, data: str | None) -> int:
    """Have an API token be worth nothing from now on."""
    from strands_cli.errors import OK, InputError

    if _data.tokens(data).revoke(token_id) is None:
        raise InputError(f"there is no token {token_id!r}", hint="strands token list shows their ids.")
    click.echo(f"Token {token_id} is revoked.")
    return OK
