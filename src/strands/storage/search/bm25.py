"""Search by an index of words, weighed by how rare they are (BM25)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from strands.storage.local_file_storage import LocalFileStorage
from strands.storage.storage import StorageSearchResult

from .keyword import STOP_WORDS, tokenize

T = TypeVar("T")


@dataclass
class Bm25SearchStrategyConfig:
    """How `Bm25SearchStrategy` works.

    Attributes:
        db_path: The file of the index, which can then be that of one directory only; when None, each directory has a
            hidden file beside it.
    """

    db_path: str | None = None


class Bm25SearchStrategy:
    """Keeps an index (SQLite's FTS5) of what is written to a `LocalFileStorage` from now on, and finds things by it.

    Every word of a query has to be there, at least as the beginning of a word; words such as "the" do not count.
    Files whose name begins with a dot are not found. One strategy may serve many storages.

    Args:
        config: How it works.
    """

    def __init__(self, config: Bm25SearchStrategyConfig | None = None) -> None:
        self._config = config or Bm25SearchStrategyConfig()
        self._indexes: dict[str, sqlite3.Connection] = {}
        self._lock = threading.Lock()

    async def index(self, storage: LocalFileStorage, key: str, data: bytes, **kwargs: Any) -> None:
        """Take note of what is under a key.

        Raises:
            ValueError: `db_path` is the index of another directory.
            RuntimeError: This Python's SQLite has no FTS5.
        """
        if not key.rpartition("/")[2].startswith("."):
            await self._with_index(storage, lambda index: _put(index, key, data))

    async def search(self, storage: LocalFileStorage, query: str, **kwargs: Any) -> list[StorageSearchResult]:
        """Return what fits a query, the best first, with scores between 0 and 1.

        Raises:
            ValueError: `db_path` is the index of another directory.
            RuntimeError: This Python's SQLite has no FTS5.
        """
        words = sorted(word for word in tokenize(query) - STOP_WORDS if len(word) > 1)
        if not words:
            return []
        wanted = " ".join(f'"{word}"*' for word in words)
        return await self._with_index(storage, lambda index: _found(index, wanted))

    async def close(self) -> None:
        """Close the indexes; the next use opens them again."""
        with self._lock:
            while self._indexes:
                self._indexes.popitem()[1].close()

    async def _with_index(self, storage: LocalFileStorage, work: Callable[[sqlite3.Connection], T]) -> T:
        def locked() -> T:
            with self._lock:
                return work(self._opened(os.path.abspath(storage.base_dir)))

        return await asyncio.to_thread(locked)

    def _opened(self, directory: str) -> sqlite3.Connection:
        if directory in self._indexes:
            return self._indexes[directory]
        path = self._config.db_path
        if path is not None and self._indexes:
            raise ValueError(
                f"{path!r} is the index of {next(iter(self._indexes))!r} and cannot be that of {directory!r} as well; "
                "leave out db_path, or take a strategy for each storage"
            )
        os.makedirs(directory, mode=0o700, exist_ok=True)
        above, name = os.path.split(directory)
        index = sqlite3.connect(path or os.path.join(above, f".__strands_{name}-fts5.sqlite"), check_same_thread=False)
        try:
            index.execute("CREATE VIRTUAL TABLE IF NOT EXISTS documents USING fts5(key, content)")
        except sqlite3.OperationalError as error:
            index.close()
            raise RuntimeError("this Python's SQLite has no FTS5; use KeywordSearchStrategy") from error
        index.execute("CREATE TABLE IF NOT EXISTS doc_hashes (key TEXT PRIMARY KEY, hash TEXT NOT NULL)")
        self._indexes[directory] = index
        return index


def _put(index: sqlite3.Connection, key: str, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if index.execute("SELECT 1 FROM doc_hashes WHERE key = ? AND hash = ?", (key, digest)).fetchone():
        return
    with index:
        index.execute("DELETE FROM documents WHERE key = ?", (key,))
        index.execute("INSERT INTO documents VALUES (?, ?)", (key, data.decode(errors="replace")))
        index.execute("INSERT OR REPLACE INTO doc_hashes VALUES (?, ?)", (key, digest))


def _found(index: sqlite3.Connection, wanted: str) -> list[StorageSearchResult]:
    rows = index.execute("SELECT key, -rank FROM documents WHERE documents MATCH ? ORDER BY rank", (wanted,))
    return [StorageSearchResult(key, weight / (1 + weight)) for key, weight in rows]
