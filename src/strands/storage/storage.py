"""What every storage does."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod

from strands.types.exceptions import StorageError


class Storage(ABC):
    """Keeps bytes under keys. A slash in a key parts it, as in a path; the storages here refuse ".." and empty keys."""

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
    async def list(self, query: str) -> builtins.list[str]:
        """Return all keys that begin with a text, in order; an empty text lists all.

        Raises:
            StorageError: They could not be listed.
        """


def normal_key(key: str) -> str:
    """Return a key without empty parts.

    Raises:
        StorageError: It is empty, or has a part "..".
    """
    parts = [part for part in key.split("/") if part and part != "."]
    if not parts:
        raise StorageError(f"storage key {key!r} is empty; give a text such as 'sessions/one.json'")
    if ".." in parts or "\0" in key:
        raise StorageError(f"storage key {key!r} must not have '..' as a part")
    return "/".join(parts)
