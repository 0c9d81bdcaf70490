"""The store as a process reaches it: over a wire that is slow, with writes that fail, by a process that may die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from simulation.ledger import Told, named
from simulation.machine import CLOCK, EPOCH, Died, Process
from strands.journal.entries import Draft, Entry
from strands.journal.errors import StorageError
from strands.journal.excerpt import now_of
from strands.journal.protocol import Conflict, Journal, Repository

if TYPE_CHECKING:
    from simulation.world import World

T = TypeVar("T")


WAKES = ("take_due", "postpone", "reap")
BESIDES = frozenset({"resolve", "find", "open_questions", "due", "folded", "now", "blob", "put_blob", *WAKES})
"""What a store may have besides what `Repository` says."""


class ReachedRepository:
    """A repository of one process.

    Args:
        world: Where it is.
        process: Whose it is.
        inner: The store itself.
    """

    def __init__(self, world: World, process: Process, inner: Repository) -> None:
        self._world = world
        self._process = process
        self._inner = inner

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> ReachedJournal:
        journal: ReachedJournal | None = None

        async def create() -> list[Entry]:
            nonlocal journal
            made = await self._inner.create(session_id, opened, rest)
            journal = ReachedJournal(self._world, self._process, made)
            return await made.load()

        await self._world.wire(self._process).write(session_id, "", create, "opened", durable=True)
        assert journal is not None
        return journal

    async def open(self, session_id: str) -> ReachedJournal:
        journal = await self._world.wire(self._process).read(lambda: self._inner.open(session_id))
        return ReachedJournal(self._world, self._process, journal)

    async def ids(self) -> list[str]:
        return await self._world.wire(self._process).read(self._inner.ids)

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        await self._world.wire(self._process).read(lambda: self._inner.delete(session_id, expect=expect))

    async def sweep(self) -> None:
        await self._inner.sweep()

    def __getattr__(self, name: str) -> Any:
        """What a store may have besides is reached the same way."""
        if name not in BESIDES:
            raise AttributeError(name)
        own: Callable[..., Awaitable[Any]] = getattr(self._inner, name)

        async def reached(*args: Any, **kwargs: Any) -> Any:
            return await self._world.wire(self._process).read(lambda: own(*args, **kwargs))

        return reached


class ReachedJournal:
    """A journal of one process."""

    def __init__(self, world: World, process: Process, inner: Journal) -> None:
        self._world = world
        self._wire = world.wire(process)
        self._process = process
        self._inner = inner
        self._driver = ""
        self._broken = False

    @property
    def session_id(self) -> str:
        return self._inner.session_id

    async def load(self) -> list[Entry]:
        return await self._wire.read(self._inner.load)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        if self._broken:
            raise StorageError(f"a write to session {self.session_id!r} was not confirmed")
        try:
            return await self._wire.write(
                self.session_id,
                self._driver,
                lambda: self._inner.append(drafts, expect=expect, durable=durable),
                ", ".join(f"{draft.kind} {draft.key}".rstrip() for draft in drafts),
                durable=durable,
            )
        except Unconfirmed:
            self._broken = True
            raise

    async def sync(self) -> None:
        if self._broken:
            raise StorageError(f"a write to session {self.session_id!r} was not confirmed")
        count = 0

        async def sync() -> None:
            nonlocal count
            await self._inner.sync()
            count = len(self._world.ledger.entries(self.session_id))

        await self._wire.read(sync)
        self._world.ledger.synced(self.session_id, count)

    async def tail(self, after: int) -> list[Entry]:
        return await self._wire.read(lambda: self._inner.tail(after))

    def lease(self) -> AbstractAsyncContextManager[str]:
        return self._lease()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[str]:
        await self._process.reach()
        self._driver = self._world.drivers.enter(self._process)
        try:
            yield self._driver
        finally:
            if self._process.alive:
                self._world.drivers.leave(self._driver)

    @property
    def syncs_with_append(self) -> bool:
        """Whether a durable append is one wait."""
        return self._world.plan.store == "server"

    async def now(self) -> float:
        return await self._wire.read(lambda: now_of(self._inner))

    def __getattr__(self, name: str) -> Any:
        """A store that can answers on an excerpt of the journal."""
        if name not in ("answer", "excerpt"):
            raise AttributeError(name)
        own = getattr(self._inner, name)
        return self._answer if name == "answer" else partial(self._excerpt, own)

    async def _excerpt(self, own: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        return await self._wire.read(lambda: own(*args, **kwargs))

    async def _answer(self, keys: Sequence[str], decide: Any, *, now: float | None = None) -> list[Entry]:
        own: Callable[..., Awaitable[list[Entry]]] = getattr(self._inner, "answer")  # noqa: B009
        what = f"answered {', '.join(keys)}"
        return await self._wire.write(self.session_id, "", lambda: own(keys, decide, now=now), what, durable=True)

    async def alive(self, driver: str) -> bool:
        return await self._wire.read(lambda: self._inner.alive(driver))


class Unconfirmed(StorageError):
    """A write may or may not outlive a power loss."""


class Wire:
    """What lies between a process and the store."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    async def read(self, work: Callable[[], Awaitable[T]]) -> T:
        """Have the store do something that changes nothing."""
        await self._process.reach(self._delay())
        slow = self._world.faults.now("slow")
        if slow is not None:
            self._world.note("the store is slow", f"{slow.size:.3f} s")
            await self._process.reach(slow.size)
        found = await work()
        await self._process.reach(self._delay())
        return found

    async def write(
        self, session: str, driver: str, work: Callable[[], Awaitable[list[Entry]]], what: str, *, durable: bool
    ) -> list[Entry]:
        """Have the store write entries; what is told of them is taken down."""
        world, process = self._world, self._process
        await process.reach(self._delay() + world.held_up(session, what))
        death, stop = world.faults.now("kill at write"), world.faults.now("stop at write")
        if death is not None and not death.size:
            self._die(f"before it writes {what}")
        if stop is not None and stop.size < 30:
            await self._stop(stop.size)
        if world.faults.now("refuse") is not None:
            world.note(process.name, f"is refused to write {what}")
            raise StorageError("the store refuses to write")
        in_rows = world.plan.store == "rows"
        process.loses_reply = in_rows and world.faults.now("unconfirmed") is not None
        try:
            entries = await work()
        except Conflict as conflict:
            world.note(process.name, f"comes too late with {what}: there is {named(conflict.entries[-1])}")
            raise
        except StorageError as error:
            world.note(process.name, f"cannot write {what}: {error.message}")
            raise
        if entries:
            written = ", ".join(f"{entry.kind} {entry.key}".rstrip() for entry in entries)
            world.note(process.name, f"{session} {entries[0].seq}: {written}{', durably' * durable}")
        told = world.ledger.wrote(session, entries, driver, EPOCH + CLOCK.now)
        world.written(session, entries)
        if death is not None:
            self._die(f"after it has written {what}")
        if stop is not None:
            await self._stop(stop.size)
        if not in_rows and world.faults.now("unconfirmed") is not None:
            world.note(process.name, f"is not told whether {what} is written")
            raise Unconfirmed("the store does not say whether it has written")
        await process.reach(self._delay())
        self._confirm(session, told, durable)
        return entries

    def _confirm(self, session: str, told: list[Told], durable: bool) -> None:
        known = self._world.ledger.told[session]
        if not told or not any(each is told[-1] for each in known):
            return  # lost meanwhile, as the store may lose it
        for each in told:
            each.confirmed = True
        if durable:
            self._world.ledger.synced(session, told[-1].entry.seq + 1)

    def _die(self, when: str) -> None:
        self._world.note(self._process.name, f"dies {when}")
        self._process.kill()
        raise Died

    async def _stop(self, seconds: float) -> None:
        self._world.stop(self._process, seconds)
        await self._process.reach()

    def _delay(self) -> float:
        chance = self._process.chance
        return 0.0 if chance.random() < 0.4 else 0.02 * chance.random() ** 2
