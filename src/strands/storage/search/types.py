"""What a way to search has to do."""

from __future__ import annotations

from typing import Any, Protocol

from strands.storage.storage import StorageSearchResult


class SearchStrategy(Protocol):
    """A way to search a storage; the views below a prefix share it with their storage."""

    async def index(self, storage: Any, key: str, data: bytes, **kwargs: Any) -> None:
        """Take note of what was written under a key; with a view, the key is the one below its prefix."""
        ...

    async def search(self, storage: Any, query: str, **kwargs: Any) -> list[StorageSearchResult]:
        """Return what fits a query, the best first."""
        ...
