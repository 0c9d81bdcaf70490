"""What every storage does."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from strands.types.exceptions import StorageError


@dataclass
class StorageSearchResult:
    """What a search found.

    Attributes:
        key: The key.
        score: How well it fits; more is better.
        data: What is under the key, where the search has read it.
    """

    key: str
    score: float
    data: bytes | None = field(default=None, repr=False)


class Storage(ABC):
    """Keeps bytes under keys. A slash in a key parts it, as in a path; the storages here refuse ".." and empty keys.

    Attributes:
        namespaced: Whether it is a view of another storage's keys below a prefix.
    """

    namespaced = False

    @abstractmethod
    async def write(self, key: str, data: bytes) -> None:
        """Keep `data` under a key, in place of what was there.

        Raises:
            StorageError: It could not be written.
        """

    @abstractmethod
    async def read(self, key: str) -> bytes | None:
        """Return what is under a key, or None when nothing is.

        Raises:
            StorageError: It could not be read.
        """

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove what is under a key; nothing happens when nothing is.

        Raises:
            StorageError: It could not be removed.
        """

    @abstractmethod
    async def list(self, query: str = "") -> builtins.list[str]:
        """Return all keys that begin with a text, in order; an empty text lists all.

        Raises:
            StorageError: They could not be listed.
        """

    async def search(self, query: str) -> builtins.list[StorageSearchResult]:
        """Return what has words of a query in its key or its bytes, the best first; all of it is read.

        Raises:
            StorageError: The keys could not be listed.
        """
        from .search.keyword import KeywordSearchStrategy

        return await KeywordSearchStrategy().search(self, query)

    def namespace(self, prefix: str) -> Storage:
        """Return a view of the keys below a prefix, in which they go by the rest of their names.

        Raises:
            StorageError: The prefix has a part "..".
        """
        return NamespacedStorage(self, prefix)


class NamespacedStorage(Storage):
    """The keys of a storage below a prefix.

    Args:
        storage: The storage.
        prefix: What its keys begin with; an empty text is all of it.
    """

    namespaced = True

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage = storage
        self._prefix = normal_prefix(prefix)

    async def write(self, key: str, data: bytes) -> None:
        await self._storage.write(self._prefix + normal_key(key), data)

    async def read(self, key: str) -> bytes | None:
        return await self._storage.read(self._prefix + normal_key(key))

    async def delete(self, key: str) -> None:
        await self._storage.delete(self._prefix + normal_key(key))

    async def list(self, query: str = "") -> builtins.list[str]:
        return [key[len(self._prefix) :] for key in await self._storage.list(self._prefix + query)]


def normal_prefix(prefix: str) -> str:
    """Return a prefix without empty parts, with a slash at its end; empty for an empty one.

    Raises:
        StorageError: It has a part "..".
    """
    return f"{normal_key(prefix)}/" if prefix.strip("/.") or ".." in prefix else ""


def normal_key(key: str) -> str:
    """Return a key without empty parts.

    Raises:
        StorageError: It is empty, has a part "..", or a backslash, which parts a path on some systems.
    """
    parts = [part for part in key.split("/") if part and part != "."]
    if not parts:
        raise StorageError(f"storage key {key!r} is empty; give a text such as 'sessions/one.json'")
    if ".." in parts or "\0" in key:
        raise StorageError(f"storage key {key!r} must not have '..' as a part")
    if "\\" in key:
        raise StorageError(f"storage key {key!r} must not have a backslash; part it with '/'")
    return "/".join(parts)
