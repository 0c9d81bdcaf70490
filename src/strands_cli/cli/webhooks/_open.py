"""What the commands about webhooks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands_cli.inbox.data import ServerData
    from strands_cli.inbox.hooks import Hooks
    from strands_cli.inbox.outbox import Outbox
    from strands_cli.session.repository import SessionRepository

data: options.Option = click.option(
    "--data", metavar="FILE", help="Where the server keeps its data; default: STRANDS_HOME/server."
)
webhook: options.Option = click.argument("webhook", metavar="WEBHOOK")


def outbox(path: str | None) -> Outbox:
    """Return the outbox of this command's store.

    Args:
        path: Where the server keeps its data, unless it is where it does by default.
    """
    from strands_cli.cli import logs
    from strands_cli.inbox.outbox import Outbox

    logs.configure()
    return Outbox(*_data(path))


def hooks(path: str | None) -> Hooks:
    """Return the hooks of this command's store; `path` is as for `outbox`."""
    from strands_cli.inbox.hooks import Hooks

    return Hooks(_data(path)[1])


def _data(path: str | None) -> tuple[SessionRepository, ServerData]:
    from strands_cli.inbox.data import ServerData
    from strands_cli.session.repository import existing_store

    store = existing_store(None)
    return store, ServerData(path) if path is not None else ServerData.of(store)
