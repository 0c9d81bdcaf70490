"""How a run writes to its journal: one append at a time, and as few of them as can be.

An entry may be held back until the next one, where nothing but that follows: then one append has both. Held entries
count in the state at once. Whatever is seen or done outside the run comes after `settle`, which writes them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from strands.journal.lines import as_read
from strands.journal.protocol import append_durably
from strands_cli.errors import LeaseLostError
from strands_cli.kernel.clock import Clock
from strands_cli.kernel.journal import Conflict, Journal
from strands_cli.kernel.redaction import Change
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry, Kind, RunCancelled
from strands_cli.types import Json


class WriteLock:
    """One writes at a time, in the order in which they came.

    It is taken without waiting, and without a coroutine, while nobody has it; an `asyncio.Lock` is not.

    `if not lock.take(): await lock.turn()`, and then `give_back` whatever happens.
    """

    __slots__ = ("_waiting", "is_taken")

    def __init__(self) -> None:
        self.is_taken: bool = False
        self._waiting: deque[asyncio.Future[None]] | None = None

    def take(self) -> bool:
        """Take it if nobody has it; return whether that was so."""
        if self.is_taken:
            return False
        self.is_taken = True
        return True

    async def turn(self) -> None:
        """Wait until it is handed on to this caller."""
        if self._waiting is None:
            self._waiting = deque()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():  # it was handed on at that very moment
                self.give_back()
            raise

    def give_back(self) -> None:
        """Hand it on to who has waited longest, if anybody does."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        self.is_taken = False


class Writer:
    """The writing side of a run.

    Attributes:
        journal: The session's journal; the caller holds its lease.
        state: The fold of what the journal holds, and of what is held back.
        lock: Held by who appends.
        tools: The keys of the tools at work.
        unheard: Entries of which listeners are told as soon as the lease is on record.
    """

    journal: Journal
    state: State
    clock: Clock
    lock: WriteLock
    tools: frozenset[str]
    unheard: Sequence[Entry] = ()
    _publish: Callable[[Entry, State], None] | None
    _held: tuple[Draft, ...] = ()
    _held_durably: bool = False
    _is_fenced_off: bool = False

    async def record(
        self,
        kind: Kind,
        key: str,
        data: Mapping[str, Json],
        *,
        sync: bool = False,
        later: bool = False,
        unless: Callable[[], bool] | None = None,
        change: Change | None = None,
    ) -> Entry | None:
        """Append one entry: the only write in the engine.

        Args:
            sync: Return only once the entry outlives a power loss.
            later: Append it with the next entry, which comes before anything is seen or done outside the run; with
                `sync` both have to outlive a power loss. Listeners are told only then.
            unless: Looked at with the journal's newest entries known: True writes nothing and returns None.
            change: What entries that are there say from now on, where the store can rewrite them.

        Raises:
            LeaseLostError: Another driver has taken the session over; nothing was written.
        """
        if change is not None and self._held:
            await self.settle()
        draft = Draft(kind, key, data, self.clock.now())
        if not self.lock.take():
            await self.lock.turn()
        try:
            while True:
                if kind in ("started", "asked") and self.state.finished:
                    raise RunCancelled  # what is under way may still be noted, nothing new begins
                if unless is not None and unless():
                    return None
                if later:
                    return self._hold(draft, sync)
                sync = sync or self._held_durably
                try:
                    entries = await self._appended((*self._held, draft), sync, change)
                    break
                except Conflict as conflict:
                    await self.take_in(conflict.entries)
            entry = entries[-1]
            self.state.apply(entry)
        finally:
            self.lock.give_back()
        if "of" in entry.data:
            self._follow(entry)
        if sync and not self._syncs_with_append():  # outside the lock
            await self.journal.sync()
        self._tell(entries)
        if "usage" in entry.data:
            await self.counted(entry)
        return entry

    async def decide(self, decide: Callable[[], Sequence[Draft]]) -> list[Entry]:
        """Append durably, in one append, what `decide` returns; it is asked with the journal's newest entries known."""
        if not self.lock.take():
            await self.lock.turn()
        try:
            while True:
                drafts, held = decide(), len(self._held)
                if not drafts:
                    return []
                try:
                    entries = await self._appended((*self._held, *drafts), True, None)
                    break
                except Conflict as conflict:
                    await self.take_in(conflict.entries)
            for entry in entries[held:]:
                self.state.apply(entry)
        finally:
            self.lock.give_back()
        if not self._syncs_with_append():  # outside the lock
            await self.journal.sync()
        self._tell(entries)
        return entries[held:]

    async def settle(self) -> None:
        """Write what is held back: who goes on to something else than the next entry calls this before."""
        if not self._held:
            return
        if not self.lock.take():
            await self.lock.turn()
        try:
            sync = self._held_durably
            while True:
                if not self._held:  # somebody else has written them
                    return
                try:
                    entries = await self._appended(self._held, sync, None)
                    break
                except Conflict as conflict:
                    await self.take_in(conflict.entries)
        finally:
            self.lock.give_back()
        if sync and not self._syncs_with_append():  # outside the lock
            await self.journal.sync()
        self._tell(entries)

    @property
    def owes(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    @property
    def is_leased(self) -> bool:
        """Whether the lease of this drive is on record."""
        return not any(draft.kind == "leased" for draft in self._held)

    @property
    def recorded(self) -> int:
        """How many entries of the journal are known."""
        return self.state.count - len(self._held)

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Apply what others wrote; subclasses see to what it means."""
        raise NotImplementedError

    async def counted(self, entry: Entry) -> None:
        """Awaited when tokens are on record; subclasses see to what it means."""
        raise NotImplementedError

    async def take_in(self, entries: Sequence[Entry]) -> None:
        """Take in what others wrote, before what is held back; the caller has the lock.

        What was held back may be there already: whoever wrote it was cancelled before the store had replied.

        Raises:
            LeaseLostError: Another driver has taken the session over.
            RunCancelled: Somebody has cancelled it.
        """
        held = len(self._held)
        if held and self._are_held(entries[:held]):
            durably, self._held, self._held_durably = self._held_durably, (), False
            if durably:
                await self.journal.sync()
            self._tell(entries[:held])
            entries = entries[held:]
        try:
            self.absorb(entries)
            await self._fold_anew(entries)
        except RunCancelled:
            if self._held:
                self._fold_held(await self.journal.load())
            raise
        except LeaseLostError:
            self._is_fenced_off = True  # what this driver knows ends here, so it may not write behind it
            raise

    def _are_held(self, entries: Sequence[Entry]) -> bool:
        first = self.recorded
        return list(entries) == [as_read((draft,), first + at)[0] for at, draft in enumerate(self._held)]

    async def _fold_anew(self, entries: Sequence[Entry]) -> None:
        """Count what is held back behind what is on record by now: these entries, and what has come since."""
        if not self._held:
            return
        known = entries[-1].seq + 1 if entries else self.recorded
        record = await self.journal.load()
        if len(record) > known:
            self.absorb(record[known:])
        self._fold_held(record)

    def _fold_held(self, record: Sequence[Entry]) -> None:
        """Count what is held back behind the record; of a finished session nothing new begins."""
        fresh = State(record)
        if fresh.finished:
            self._held = tuple(draft for draft in self._held if draft.kind == "done")
        for draft in self._held:
            fresh.apply(as_read((draft,), fresh.count)[0])
        vars(self.state).update(vars(fresh))

    def _hold(self, draft: Draft, sync: bool) -> Entry:
        as_written = getattr(self.journal, "as_written", None)
        if as_written is not None:
            draft = as_written(draft)
        if draft.kind == "done":  # nobody changes it before its place is taken by what is on record
            entry = Entry(self.state.count, *draft)
        else:
            entry = as_read((draft,), self.state.count)[0]
        self.state.apply(entry)
        self._held += (draft,)
        self._held_durably = self._held_durably or sync
        return entry

    async def _appended(self, drafts: Sequence[Draft], sync: bool, change: Change | None) -> list[Entry]:
        """Append, the held ones first, with the lock held."""
        if self._is_fenced_off:
            raise lease_lost(self.journal.session_id)
        expect, held = self.recorded, len(self._held)
        rewrite = None if change is None else getattr(self.journal, "rewrite", None)
        entries: list[Entry]
        if rewrite is not None and change is not None:
            entries = list(await rewrite(change, drafts, expect=expect))
            self.state.change(change)
        elif sync and self._syncs_with_append():
            entries = await append_durably(self.journal, drafts, expect=expect)
        else:
            entries = await self.journal.append(drafts, expect=expect)
        if held:
            self._held, self._held_durably = (), False
            for entry in entries[:held]:  # in the place of what was applied for them
                if entry.kind in ("done", "asked"):
                    (self.state.done if entry.kind == "done" else self.state.asked)[entry.key] = entry
        return entries

    def _syncs_with_append(self) -> bool:
        """Whether a durable append is one wait; else lanes that finish together share a sync."""
        return bool(getattr(self.journal, "syncs_with_append", False))

    def _tell(self, entries: Sequence[Entry]) -> None:
        """Tell listeners of entries that are on disk where they have to be."""
        for entry in entries:
            self.published(entry)
            if entry.kind == "leased":
                unheard, self.unheard = self.unheard, ()
                for other in unheard:
                    self.published(other)

    def published(self, entry: Entry) -> None:
        """Tell whoever listens of an entry."""
        if self._publish is not None:
            self._publish(entry, self.state)

    def _follow(self, entry: Entry) -> None:
        """Keep in mind which tools are at work."""
        if entry.kind == "started":
            self.tools |= {entry.key}
        elif entry.kind == "done" and "result" in entry.data:
            self.tools -= {entry.key}


def lease_lost(session_id: str) -> LeaseLostError:
    """Return the error of a driver whose session another one has taken over."""
    return LeaseLostError(
        f"session {session_id!r} was taken over by another process",
        hint="Leave it to that process; nothing of this one was recorded since.",
    )
