"""Where the tokens of a store's servers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli.options import Option

if TYPE_CHECKING:
    from strands_cli.inbox.tokens import Tokens

data: Option = click.option("--data", metavar="FILE", help="What `strands serve --data` names, if it does.")


def tokens(place: str | None) -> Tokens:
    """Return the tokens of the servers of this store."""
    from strands_cli.inbox.data import ServerData
    from strands_cli.inbox.tokens import Tokens
    from strands_cli.session.repository import store_at

    return Tokens(ServerData(place) if place is not None else ServerData.of(store_at()))
