"""What runs keep for later ones: documents by name, in a journal of the store's own.

A write is one entry, by compare-and-append: two runs that write at the same time both count, and one that a crash had
repeated counts once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from strands.journal.beside import beside
from strands.journal.entries import Draft
from strands.journal.excerpt import answer_by_all
from strands.journal.protocol import Conflict, append_durably
from strands_cli.errors import ExecutionError
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.journal.protocol import Journal
    from strands_cli.kernel.types import Entry
    from strands_cli.session.repository import SessionRepository

NAME = "memory"
"""The journal that they are kept in."""


@dataclass(frozen=True, slots=True)
class MemoryId:
    """Which document is meant.

    Attributes:
        name: The memory's name.
        workflow: Whose it is; "" for one that all workflows share.
        key: Which of several of that name; "" for the only one.
    """

    name: str
    workflow: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class MemoryDocument:
    """What a memory holds.

    Attributes:
        id: Which one it is.
        data: Names to data.
        at: Unix time, in seconds, of the newest write.
        session: The session that wrote last.
    """

    id: MemoryId
    data: dict[str, Json]
    at: float
    session: str

    def to_dict(self) -> dict[str, Json]:
        """Return it as plain JSON values."""
        return {**asdict(self.id), "data": self.data, "at": self.at, "session": self.session}


class StoredMemories:
    """The memories of a store.

    Args:
        store: The store.
    """

    def __init__(self, store: SessionRepository) -> None:
        self._store = store

    async def all(self) -> list[MemoryDocument]:
        """Return what is remembered, by name.

        Raises:
            StorageError: The store cannot be read.
        """
        journal = await beside(self._store, NAME)
        return [] if journal is None else fold(await journal.load())

    async def read(self, id: MemoryId) -> dict[str, Json]:
        """Return the data of one memory; nothing where nothing was written."""
        return next((each.data for each in await self.all() if each.id == id), {})

    async def write(self, id: MemoryId, data: Mapping[str, Json], *, session: str, step: str) -> None:
        """Keep data, durably: each name replaces what was there, and null forgets it.

        Args:
            id: Which memory.
            data: Names to data.
            session: The session that writes.
            step: The key of its step: what a step has written already is not written again.

        Raises:
            ExecutionError: The store keeps nothing beside sessions.
            StorageError: It could not be written.
        """
        journal = await self._begun()
        if journal is None:
            raise ExecutionError(
                f"memory {id.name!r} cannot be written: this store keeps nothing beside its sessions",
                hint="Choose another store: a directory, sqlite:///PATH or postgresql://...",
            )
        mark = hashlib.sha256(f"{session}\0{step}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
        draft = Draft("remembered", mark, {**asdict(id), "data": dict(data), "session": session}, time.time())
        await answer_by_all(journal, lambda there: [] if any(entry.key == mark for entry in there.entries) else [draft])

    async def clear(self, ids: Iterable[MemoryId]) -> None:
        """Forget what memories hold; a store that can rewrite a journal keeps nothing of it.

        Raises:
            StorageError: It could not be written.
        """
        meant, journal = set(ids), await self._begun()
        if journal is None or not meant:
            return
        at, rewrite = time.time(), getattr(journal, "rewrite", None)
        drafts = [Draft("cleared", f"{at!r}/{number}", asdict(id), at) for number, id in enumerate(meant)]

        def without(entry: Entry) -> Mapping[str, Any]:
            return {**entry.data, "data": {}} if entry.kind == "remembered" and _id(entry) in meant else entry.data

        while True:
            known = len(await journal.load())
            try:
                if rewrite is not None:
                    await rewrite(without, drafts, expect=known)
                else:
                    await append_durably(journal, drafts, expect=known)
                return
            except Conflict:
                continue

    async def _begun(self) -> Journal | None:
        return await beside(self._store, NAME, Draft("opened", "", {"format": 1, "about": NAME}, time.time()))


def _id(entry: Entry) -> MemoryId:
    return MemoryId(entry.data["name"], entry.data["workflow"], entry.data["key"])


def fold(entries: Iterable[Entry]) -> list[MemoryDocument]:
    """Return what the entries of the journal come to, by name."""
    known: dict[MemoryId, MemoryDocument] = {}
    for entry in entries:
        if entry.kind not in ("remembered", "cleared"):
            continue
        told, id = entry.data, _id(entry)
        before = known.pop(id, None)
        if entry.kind == "remembered":
            data = {**(before.data if before is not None else {}), **told["data"]}
            kept = {name: value for name, value in data.items() if value is not None}
            known[id] = MemoryDocument(id, kept, entry.at, told["session"])
    return sorted(known.values(), key=lambda each: (each.id.name, each.id.workflow, each.id.key))
