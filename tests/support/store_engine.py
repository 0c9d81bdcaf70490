"""A store's own delivery, to be tried as an engine: an entry that queues a session is a wake, and its rest ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from urllib.parse import quote

from strands.journal import wake as journal_wake
from strands.journal.database import Transaction
from strands.journal.entries import Draft, Entry
from strands.journal.errors import SessionExistsError, SessionNotFoundError
from strands.journal.protocol import Conflict, Journal
from strands_cli.session.repository import SessionRepository, store_at
from strands_cli.worker.engine import Drive, DriveOutcome, Wake
from strands_cli.worker.relay import StoreEngine

NAMESPACES = ("", "tenan", "tenant", "tenant/a")


class QueueInStore:
    """`StoreEngine`, with the sessions that it needs.

    Args:
        place: A directory, or the URL of a database.
    """

    def __init__(self, place: str) -> None:
        self._stores = {each: _store(place, each) for each in NAMESPACES}

    def enqueue(self, transaction: Transaction, wake: Wake) -> bool:
        return False

    async def submit(self, wake: Wake) -> None:
        """Queue the session of a wake, unless it is queued or driven by that token."""
        queued = Draft("queued", "", {"token": wake.token}, time.time())

        def draft(entries: list[Entry]) -> Draft | None:
            return None if _is_waiting(entries) and _token(entries) == wake.token else queued

        store = self._stores[wake.namespace]
        try:
            told = {"format": 1, "workflow": "w", "pattern": "chain", "spec": {}, "inputs": {}}
            await store.create(wake.session_id, Draft("opened", "", told, time.time()), [queued])
        except SessionExistsError:
            await _append(await store.open(wake.session_id), draft)

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        async def deliver(namespace: str) -> None:
            store = self._stores[namespace]

            async def driven(wake: Wake) -> DriveOutcome:
                return await _driven(store, drive, wake._replace(namespace=namespace))

            await StoreEngine(store, ["w"], list).work(driven, slots=slots, alive_as=alive_as)

        tasks = [asyncio.ensure_future(deliver(each)) for each in NAMESPACES]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)

    async def cancel(self, namespace: str, session_id: str) -> None:
        journal = await self._stores[namespace].open(session_id)
        await _append(journal, lambda _: Draft("cancelled", "", {}, time.time()))

    async def reap(self, alive: Collection[str]) -> int:
        return sum([await journal_wake.reap(each) for each in self._stores.values()])


def open_engine(place: str, options: Mapping[str, str]) -> QueueInStore:
    """Return the engine of a store, in whichever process."""
    return QueueInStore(place)


def _store(place: str, namespace: str) -> SessionRepository:
    if "://" not in place:
        return store_at(f"{place}/{quote(namespace, safe='')}-")
    return store_at(f"{place}{'&' if '?' in place else '?'}namespace={quote(namespace)}" if namespace else place)


async def _driven(store: SessionRepository, drive: Drive, due: Wake) -> DriveOutcome:
    """Drive a session under its lease, as workers do, and leave it at rest; it is queued anew if it came to nothing."""
    try:
        journal = await store.open(due.session_id)
        entries = await journal.load()
    except SessionNotFoundError:
        return "elsewhere"
    token = _token(entries)
    if entries[-1].kind != "queued" and await journal.alive(str(entries[-1].data.get("driver", ""))):
        return "elsewhere"

    def ending(kind: str, **data: object) -> Callable[[list[Entry]], Draft | None]:
        """Say so, unless it was queued for another token meanwhile."""
        return lambda entries: Draft(kind, "", data, time.time()) if _token(entries) == token else None

    async with journal.lease() as driver:
        try:
            await journal.append([Draft("leased", "", {"driver": driver}, time.time())], expect=len(entries))
        except Conflict:
            return "elsewhere"
        try:
            outcome = await drive(due._replace(token=token))
        except Exception:
            await _append(journal, ending("queued", token=token))
            raise
        await _append(journal, ending("queued", token=token) if outcome == "unfit" else ending("paused"))
        return outcome


async def _append(journal: Journal, draft: Callable[[list[Entry]], Draft | None]) -> None:
    while True:
        entries = await journal.load()
        told = draft(entries)
        if told is None:
            return
        try:
            await journal.append([told], expect=len(entries), durable=True)
            return
        except Conflict:
            continue


def _token(entries: list[Entry]) -> str:
    return next(str(each.data["token"]) for each in reversed(entries) if each.kind == "queued")


def _is_waiting(entries: list[Entry]) -> bool:
    return entries[-1].kind in ("queued", "leased")
