"""Bytes in memory."""

from __future__ import annotations

import builtins

from .storage import Storage, normal_key


class InMemoryStorage(Storage):
    """Keeps bytes as long as the process lives; for tests."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    async def write(self, key: str, data: bytes) -> None:
        self._data[normal_key(key)] = data

    async def read(self, key: str) -> bytes | None:
        return self._data.get(normal_key(key))

    async def delete(self, key: str) -> None:
        self._data.pop(normal_key(key), None)

    async def list(self, query: str) -> builtins.list[str]:
        return sorted(key for key in self._data if key.startswith(query))
