"""Search by words, without an index."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from strands.storage.storage import Storage, StorageSearchResult
from strands.types.exceptions import StorageError

_AT_ONCE = 8  # what a remote storage bears
_EXTENSION = re.compile(r"(?<=[^/])\.[^./]*$")


def tokenize(text: str) -> set[str]:
    """Return the words of a text, in lower case."""
    return set(re.findall(r"\w+", text.lower()))


STOP_WORDS = frozenset(
    tokenize(
        "a about after all also am an and any are as at be because been before but by can could did do does each "
        "for from get had has have he her here hers him his how i if in into is it its just me more most my no "
        "nor not of off on once only or other our out over own same she should so some such than that the their "
        "them then there these they this those through to too until up us very was we were what when where which "
        "while who whom why will with would yet you your"
    )
)


def token_overlap_score(query_tokens: set[str], content: str) -> int:
    """Return how many of some words a text has."""
    return len(query_tokens & tokenize(content))


class KeywordSearchStrategy:
    """Reads everything, and finds what has words of the query in its key or its text; more of them is better.

    Words such as "the" do not count, and neither does a key's extension. What cannot be read is passed over.
    """

    async def index(self, storage: Storage, key: str, data: bytes, **kwargs: Any) -> None:
        """Do nothing: there is no index."""

    async def search(self, storage: Storage, query: str, **kwargs: Any) -> list[StorageSearchResult]:
        words = tokenize(query) - STOP_WORDS
        if not words:
            return []
        keys = await storage.list("")
        found: list[StorageSearchResult] = []
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            read = await asyncio.gather(*(_read(storage, key) for key in some))
            for key, data in zip(some, read, strict=True):
                text = f"{_EXTENSION.sub('', key)} {(data or b'').decode(errors='replace')}"
                score = token_overlap_score(words, text)
                if data is not None and score:
                    found.append(StorageSearchResult(key, score, data))
        return sorted(found, key=lambda result: -result.score)


async def _read(storage: Storage, key: str) -> bytes | None:
    try:
        return await storage.read(key)
    except StorageError:
        return None
