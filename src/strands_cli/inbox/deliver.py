"""What a server does all the time and `strands tick` once: what has to be told elsewhere is told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from strands_cli.inbox.outbox import Outbox
from strands_cli.inbox.people import People

if TYPE_CHECKING:
    from strands_cli.inbox.data import ServerData
    from strands_cli.session.repository import SessionRepository

NOTIFY = "STRANDS_NOTIFY"
"""The environment variable with whom to tell of questions that are for everybody: `slack:#approvals mail:a@b.org`."""

ORIGIN = "STRANDS_ORIGIN"
"""The environment variable with where people reach the server, where no server says it."""

_CHANNELS = "strands_cli.channels.channel"
"""Channels know the inbox; it finds them by name."""


async def deliver(
    store: SessionRepository,
    data: ServerData,
    limit: int = 100,
    *,
    people: People | None = None,
    origin: str | None = None,
    notify: Sequence[str] | None = None,
    channels: Any = None,
) -> int:
    """Collect what was recorded in a store since the last time, and deliver what is due.

    Args:
        store: Where the sessions are.
        data: Where it is kept what is due.
        limit: Deliver so much at most.
        people: Who people are, and where they want to be told.
        origin: Where people reach the server; default: what STRANDS_ORIGIN says.
        notify: Whom to tell of questions that are for everybody; default: what STRANDS_NOTIFY says.
        channels: What delivers, by name; default: what is set up here.

    Returns:
        How much was tried.

    Raises:
        StorageError: The store cannot be read.
        StrandsError: A channel is set up wrongly.
    """
    where = os.environ.get(ORIGIN, "").rstrip("/") if origin is None else origin
    outbox = outbox_of(store, data, people=people, origin=where, notify=notify)
    await outbox.collect()
    if outbox.deliveries.next_at() is None:
        return 0
    if channels is None:
        module = import_module(_CHANNELS)
        channels = module.channels_of(module.ChannelContext(data, people or People(), where))
    return await outbox.deliver(channels, limit=limit)


def outbox_of(
    store: SessionRepository,
    data: ServerData,
    *,
    people: People | None = None,
    origin: str = "",
    notify: Sequence[str] | None = None,
) -> Outbox:
    """Return the outbox of a store; what is left out is as for `deliver`."""
    told = os.environ.get(NOTIFY, "").split() if notify is None else notify
    return Outbox(store, data, people=people, notify=told, origin=origin)
