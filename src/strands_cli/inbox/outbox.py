"""The outbox: what has to be told elsewhere is derived from the journals, and delivered until it is there.

Of each session it is known how many entries were looked at, in the same transaction in which rows for what has to be
told are made. Whoever is killed leaves the entries to the next one, and nothing is lost or made twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from strands.journal.moved import Moved, moved
from strands_cli.errors import SessionError, SessionNotFoundError, StorageError
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.deliveries import Delivery, DeliveryLog
from strands_cli.inbox.endpoints import WEBHOOK, Endpoint, Endpoints
from strands_cli.inbox.notes import CLOSES, ChannelNote, DeliveryError, Event, Receipt, event_of, message_id, note_of
from strands_cli.inbox.recipients import recipients
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.people import People

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

logger: logging.Logger = logging.getLogger(__name__)

ATTEMPT_SECONDS = 30.0
_DAY = 86_400.0
_AT_ONCE = 8


class Sender(Protocol):
    """What delivers; see `strands_cli.channels.channel.Channel`."""

    async def notify(self, note: ChannelNote, to: str) -> Receipt: ...

    async def close(self, receipt: Receipt, note: ChannelNote) -> None: ...


class _Row(NamedTuple):
    target: str
    id: str
    seq: int
    key: str
    event: Event
    receipt: str = ""


class Outbox:
    """What has to be told elsewhere of the sessions of a store.

    Args:
        store: Where the sessions are.
        data: Where it is kept what is due.
        people: Who people are, and where they want to be told.
        notify: Whom to tell of questions that are for everybody.
        origin: Where people reach the server; "" for nowhere.
    """

    def __init__(
        self,
        store: SessionRepository,
        data: ServerData,
        *,
        people: People | None = None,
        notify: Sequence[str] = (),
        origin: str = "",
    ) -> None:
        self._store = store
        self._data = data
        self._people = people or People()
        self._notify = tuple(notify)
        self._origin = origin
        self.endpoints: Endpoints = Endpoints(data)
        self.deliveries: DeliveryLog = DeliveryLog(data)

    # -- what is due ----------------------------------------------------------------------------------------------

    async def collect(self) -> int:
        """Make rows of what was recorded since the last time; return how many.

        Raises:
            StorageError: The store cannot be read.
        """
        endpoints = [each for each in self.endpoints.list() if each.disabled_at is None]
        if not (endpoints or self._notify or any(person.notify for person in self._people.by_key.values())):
            return 0
        begun = time.time()
        since = self._time("since", begun)
        first = min([since, *(each.created_at for each in endpoints)])
        looked = self._time("looked", first)
        made = 0
        known = {row[0]: (row[1], row[2]) for row in self._data.execute("select * from outbox_cursors")}
        for each in await moved(self._store, max(first, looked - _DAY)):
            begun_at, entries = known.get(each.session_id, (each.created_at, 0))
            if begun_at == each.created_at and entries >= each.entries:
                continue
            made += await self._collect(each, entries if begun_at == each.created_at else 0, endpoints, since)
        self._data.execute("insert or replace into outbox_times values ('looked', ?)", begun)
        return made

    def _time(self, name: str, now: float) -> float:
        self._data.execute("insert or ignore into outbox_times values (?, ?)", name, now)
        return float(self._data.execute("select at from outbox_times where name = ?", name)[0][0])

    async def _collect(self, session: Moved, first: int, endpoints: Sequence[Endpoint], since: float) -> int:
        try:
            entries = await (await self._store.open(session.session_id)).load()
        except SessionNotFoundError:
            return 0
        except SessionError as error:  # it hides no other
            logger.warning("what session %s has to tell cannot be read: %s", session.session_id, error.message)
            return 0
        state, rows = State(), list[_Row]()
        for entry in entries:
            state.apply(entry)
            event = event_of(entry)
            if event is not None and entry.seq >= first:
                rows += self._rows(session.session_id, state, entry, event, endpoints, since)
        with self._data.transaction():
            for target, id, seq, key, event, receipt in rows:
                self.deliveries.add(target, id, session.session_id, seq, key, event, receipt)
            self._data.execute(
                "insert or replace into outbox_cursors values (?, ?, ?)",
                *(session.session_id, session.created_at, len(entries)),
            )
        return len(rows)

    def _rows(
        self, session_id: str, state: State, entry: Entry, event: Event, endpoints: Sequence[Endpoint], since: float
    ) -> Iterable[_Row]:
        id, workflow = message_id(session_id, entry.seq), str(state.origin.get("workflow", ""))
        key = entry.key if event.startswith("question.") else ""
        for endpoint in endpoints:
            if endpoint.wants(event, workflow, entry.at):
                yield _Row(endpoint.target, id, entry.seq, key, event)
        for target in recipients(self._people, self._notify, state, entry, event) if entry.at >= since else ():
            yield _Row(target, id, entry.seq, key, event)
        if event in CLOSES:
            yield from self._closing(session_id, entry.seq, key, event)

    def _closing(self, session_id: str, seq: int, key: str, event: Event) -> Iterable[_Row]:
        for target, receipt, of in self.deliveries.receipts(session_id, key):
            yield _Row(target, f"{receipt}.close", seq, of, event, receipt)

    # -- delivering -----------------------------------------------------------------------------------------------

    async def deliver(self, channels: Mapping[str, Sender], *, limit: int = 100) -> int:
        """Deliver what is due.

        Args:
            channels: What delivers, by name; what is for another channel stays due.
            limit: So much at most.

        Returns:
            How much was tried.
        """
        due = self.deliveries.due(list(channels), limit)
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(delivery: Delivery) -> bool:
            async with turn:
                if not self.deliveries.claim(delivery):
                    return False
                await self._try(channels[delivery.channel], delivery)
                return True

        return sum(await asyncio.gather(*map(one, due)))

    async def _try(self, channel: Sender, delivery: Delivery) -> None:
        try:
            note = await self._note(delivery)
            if note is None:
                self.deliveries.end(delivery, "gone")
            elif delivery.receipt:
                await self._close(channel, delivery, note)
            elif delivery.channel != WEBHOOK and not note.is_open:
                self.deliveries.end(delivery, "skipped")
            else:
                receipt = await asyncio.wait_for(channel.notify(note, delivery.to), ATTEMPT_SECONDS)
                await self._delivered(delivery, receipt)
        except asyncio.TimeoutError:
            self._fail(delivery, DeliveryError(f"it took longer than {ATTEMPT_SECONDS:g} s"))
        except DeliveryError as error:
            self._fail(delivery, error)
        except (SessionError, StorageError) as error:
            self._fail(delivery, DeliveryError(error.message))
        except Exception as error:  # a channel is anybody's code, and hides no other
            logger.warning("%s could not be told of %s", delivery.target, delivery.id, exc_info=True)
            self._fail(delivery, DeliveryError(f"{type(error).__name__}: {error}"))

    async def _note(self, delivery: Delivery) -> ChannelNote | None:
        """Return what is told; None where the session is gone, or is another one by now."""
        try:
            entries = await (await self._store.open(delivery.session)).load()
        except SessionNotFoundError:
            return None
        if len(entries) <= delivery.seq:
            return None
        event = event_of(entries[delivery.seq])
        if event is None:
            return None
        state, entry = State(entries), entries[delivery.seq]
        return note_of(delivery.session, state, entry, event, origin=self._origin, key=delivery.key)

    async def _delivered(self, delivery: Delivery, receipt: Receipt) -> None:
        is_kept = bool(receipt.data and delivery.key)
        if is_kept:
            self.deliveries.keep_receipt(delivery, receipt)
        self.deliveries.end(delivery, "done")
        now = await self._note(delivery) if is_kept else None
        if now is not None and not now.is_open:  # it was closed while it was sent
            target, id, session, seq, key, event, *_ = delivery
            self.deliveries.add(target, f"{id}.close", session, seq, key, event, id)

    async def _close(self, channel: Sender, delivery: Delivery, note: ChannelNote) -> None:
        receipt = self.deliveries.receipt(delivery.target, delivery.receipt)
        if receipt is not None:
            await asyncio.wait_for(channel.close(receipt, note), ATTEMPT_SECONDS)
            self.deliveries.close_receipt(delivery.target, delivery.receipt)
        self.deliveries.end(delivery, "done")

    def _fail(self, delivery: Delivery, error: DeliveryError) -> None:
        if error.disables and delivery.channel == WEBHOOK:
            self.endpoints.disable(delivery.to, error.message)
        self.deliveries.fail(delivery, error)
