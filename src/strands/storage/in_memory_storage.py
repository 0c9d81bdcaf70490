"""Bytes in memory."""

from __future__ import annotations

import builtins
import copy
from typing import TYPE_CHECKING

from .storage import Storage, StorageSearchResult, normal_key, normal_prefix

if TYPE_CHECKING:
    from .search import SearchStrategy


class InMemoryStorage(Storage):
    """Keeps bytes as long as the process lives; for tests.

    Args:
        search_strategy: How `search` finds things, told of what is written; by their words when None.
    """

    def __init__(self, *, search_strategy: SearchStrategy | None = None) -> None:
        self._data: dict[str, bytes] = {}
        self._below = ""
        self._strategy = search_strategy

    async def write(self, key: str, data: bytes) -> None:
        name = normal_key(key)
        self._data[self._below + name] = bytes(data)
        if self._strategy is not None:
            await self._strategy.index(self, name, data)

    async def read(self, key: str) -> bytes | None:
        return self._data.get(self._below + normal_key(key))

    async def delete(self, key: str) -> None:
        self._data.pop(self._below + normal_key(key), None)

    async def list(self, query: str = "") -> builtins.list[str]:
        wanted = self._below + query.lstrip("/")
        return sorted(key[len(self._below) :] for key in self._data if key.startswith(wanted))

    async def search(self, query: str) -> builtins.list[StorageSearchResult]:
        return await (super().search(query) if self._strategy is None else self._strategy.search(self, query))

    def namespace(self, prefix: str) -> InMemoryStorage:
        below = copy.copy(self)  # of a subclass too, and over the same bytes
        below._below += normal_prefix(prefix)
        below.namespaced = True
        return below

    def clear(self) -> None:
        """Remove everything, or everything below the prefix of this view."""
        for key in [key for key in self._data if key.startswith(self._below)]:
            del self._data[key]
