"""A journal and a repository around others, which pass everything on: what tests derive watches, delays or ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strands.journal.entries import Draft, Entry


class JournalLayer:
    """A journal that passes everything on.

    Args:
        inner: The journal.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def session_id(self) -> str:
        return str(self._inner.session_id)

    async def load(self) -> list[Entry]:
        return list(await self._inner.load())

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        return list(await self._inner.append(drafts, expect=expect, durable=durable))

    async def sync(self) -> None:
        await self._inner.sync()

    async def tail(self, after: int) -> list[Entry]:
        return list(await self._inner.tail(after))

    def lease(self) -> Any:
        return self._inner.lease()

    async def alive(self, driver: str) -> bool:
        return bool(await self._inner.alive(driver))


class RepositoryLayer:
    """A repository that passes everything on; a derived class says what is around its journals.

    Args:
        inner: The repository.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def around(self, journal: Any) -> Any:
        """Return what stands for a journal."""
        return journal

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> Any:
        return self.around(await self._inner.create(session_id, opened, rest))

    async def open(self, session_id: str) -> Any:
        return self.around(await self._inner.open(session_id))

    async def ids(self) -> list[str]:
        return list(await self._inner.ids())

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        await self._inner.delete(session_id, expect=expect)

    async def sweep(self) -> None:
        await self._inner.sweep()
