"""What a server does all the time and `strands tick` once: what has to be told elsewhere is told."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from strands_cli.inbox.outbox import Outbox
from strands_cli.people import People

if TYPE_CHECKING:
    from strands_cli.inbox.data import ServerData
    from strands_cli.session.repository import SessionRepository

NOTIFY = "STRANDS_NOTIFY"
"""The environment variable with whom to tell of questions that are for everybody: `slack:#approvals mail:a@b.org`."""

ORIGIN = "STRANDS_ORIGIN"
"""The environment variable with where people reach the server, where no server says it."""

_TABLES = ["create table if not exists outbox_setup (no int primary key, told text not null)"]
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
    mends: bool = True,
) -> int:
    """Collect what was recorded in a store since the last time, and deliver what is due.

    What is left out of people, origin and notify is as the last server of the store has it.

    Args:
        store: Where the sessions are.
        data: Where it is kept what is due.
        limit: Deliver so much at most.
        people: Who people are, and where they want to be told.
        origin: Where people reach the server; else what STRANDS_ORIGIN says.
        notify: Whom to tell of questions that are for everybody; else what STRANDS_NOTIFY says.
        channels: What delivers, by name; default: what is set up here.
        mends: Sign the heads, too, that killed writers owe, and forget deliveries that are over and old.

    Returns:
        How much was tried.

    Raises:
        StorageError: The store cannot be read.
        StrandsError: A channel is set up wrongly.
    """
    if mends:
        from strands_cli.audit.mend import mend

        await mend(store)
    setup = setup_of(data, people=people, origin=origin, notify=notify)
    outbox = Outbox(store, data, people=setup.people, notify=setup.notify, origin=setup.origin)
    if mends:
        outbox.deliveries.prune()
    await outbox.collect()
    if outbox.deliveries.next_at() is None:
        return 0
    if channels is None:
        module = import_module(_CHANNELS)
        channels = module.channels_of(module.ChannelContext(data, setup.people, setup.origin))
    return await outbox.deliver(channels, limit=limit)


class Setup(NamedTuple):
    """Whom a store's servers tell, and where people reach them.

    Attributes:
        people: Who people are, and where they want to be told.
        origin: Where people reach the server; "" for nowhere.
        notify: Whom to tell of questions that are for everybody.
    """

    people: People
    origin: str
    notify: tuple[str, ...]


def keep_setup(data: ServerData, setup: Setup) -> None:
    """Keep how a server is set up, so that `strands tick` tells the same people."""
    known = {
        person.key: {
            "name": person.name,
            "ids": list(person.ids),
            "roles": sorted(person.roles),
            "notify": list(person.notify),
        }
        for person in setup.people.by_key.values()
    }
    told = json.dumps({"people": known, "origin": setup.origin, "notify": list(setup.notify)})
    data.ensure(_TABLES)
    data.execute("insert or replace into outbox_setup values (1, ?)", told)


def setup_of(
    data: ServerData,
    *,
    people: People | None = None,
    origin: str | None = None,
    notify: Sequence[str] | None = None,
) -> Setup:
    """Return whom to tell; what is left out is as for `deliver`."""
    data.ensure(_TABLES)
    rows = data.execute("select told from outbox_setup")
    kept: dict[str, Any] = json.loads(rows[0][0]) if rows else {}
    if origin is None:
        origin = os.environ.get(ORIGIN) or kept.get("origin") or ""
    if notify is None:
        notify = os.environ.get(NOTIFY, "").split() or kept.get("notify") or ()
    known = People.from_dict(kept.get("people") or {}) if people is None else people
    return Setup(known, origin.rstrip("/"), tuple(notify))
