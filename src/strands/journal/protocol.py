"""The protocols: an append-only log of one session, with compare-and-append as its only write, and a store of such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from functools import lru_cache
from inspect import isawaitable, signature
from typing import Any, Protocol

from strands.journal.entries import Draft, Entry
from strands.journal.errors import SessionDamagedError, StorageError
from strands.journal.heads import HeadsLog


class Conflict(Exception):
    """The journal has moved on: `entries` are the ones that the caller had not seen."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(f"{len(entries)} newer entries")
        self.entries: list[Entry] = list(entries)


class Journal(Protocol):
    """One session's log.

    Entries are numbered from 0 without gaps. Every implementation passes the suite in
    `strands.journal.conformance`.
    """

    @property
    def session_id(self) -> str:
        """The session that this is the journal of."""
        ...

    async def load(self) -> list[Entry]:
        """Return all entries that are whole. Reading changes nothing, and waits for nobody who writes.

        Raises:
            SessionNotFoundError: There is no such session, or it was deleted.
            SessionDamagedError: An entry fails its checksum, or the format is newer than this build's.
        """
        ...

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        """Append `drafts`, all or none, if the journal holds exactly `expect` entries.

        Args:
            durable: Return only once they, and all before them, outlive a power loss.

        Returns:
            The entries as they will be read: their data is what JSON makes of the drafts'.

        Raises:
            Conflict: It holds more; nothing was written.
            SessionNotFoundError: The session was deleted, even if another one has its id now.
            StorageError: The write failed; the journal is as before. Or it may not outlive a power loss; the journal
                then refuses further writes until it is opened anew.
        """
        ...

    async def sync(self) -> None:
        """Return once everything appended so far outlives a power loss.

        Raises:
            StorageError: It may not; the journal refuses further writes until it is opened anew.
        """
        ...

    async def tail(self, after: int) -> list[Entry]:
        """Return the entries from number `after` on; cheap when there are none."""
        ...

    def lease(self) -> AbstractAsyncContextManager[str]:
        """Enter as a driver: yields an id that is alive as long as this block and its process."""
        ...

    async def alive(self, driver: str) -> bool:
        """Whether the driver with this id may still write, in this process or another."""
        ...


class Repository(Protocol):
    """A store of sessions. Every implementation passes the suite in `strands.journal.conformance`."""

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> Journal:
        """Begin a session with its `opened` entry, durably and at once: whoever dies leaves no session, or a whole one.

        Args:
            session_id: Its id.
            opened: Its first entry.
            rest: What it holds besides, when it is a copy.

        Raises:
            SessionExistsError: The id is taken.
            StorageError: It cannot be written.
        """
        ...

    async def open(self, session_id: str) -> Journal:
        """Return the journal of a session.

        Raises:
            SessionNotFoundError: There is none.
        """
        ...

    async def ids(self) -> list[str]:
        """Return the ids of all sessions."""
        ...

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        """Remove a session for good. Whoever still has its journal cannot write to it, nor to another of that id.

        Args:
            session_id: Its id.
            expect: Remove it only if it holds exactly so many entries, the last of kind `deleted`; else somebody else
                has removed it, and nothing happens.

        Raises:
            SessionNotFoundError: There is none.
        """
        ...

    async def sweep(self) -> None:
        """Finish what killed deletions and creations have left behind."""
        ...


class FullRepository(Repository, Protocol):
    """What a store may have besides, where it does better than by the methods of `Repository`.

    They are called through the functions of this module.
    """

    async def copy(self, source: Journal, drafts: Sequence[Draft], session_id: str) -> Journal:
        """Begin a session as `copy_session` does, unless the one copied is deleted before the same write."""
        ...

    async def resolve(self, prefix: str, limit: int = 2) -> list[str]:
        """Return ids as `resolve_ids` does, and look at no others."""
        ...

    async def content(self, session_id: str) -> bytes:
        """Return the lines of a session as they are, whatever is wrong with them.

        Raises:
            SessionNotFoundError: There is none.
        """
        ...

    def heads_log(self) -> HeadsLog:
        """Return the log of what its sessions were when something had been decided in them."""
        ...

    async def put_blob(self, content: bytes) -> str:
        """Keep a content for a session that is begun or taken up within the hour, and return its digest."""
        ...

    async def blob(self, digest: str) -> bytes:
        """Return a content.

        Raises:
            SessionDamagedError: It is not there, or not what was put in.
        """
        ...


async def copy_session(repository: Repository, source: Journal, drafts: Sequence[Draft], session_id: str) -> Journal:
    """Begin a session with what another has recorded, durably and at once: whoever dies leaves none, or a whole one.

    Args:
        repository: Where both are kept.
        source: The session that is copied; it stays as it is.
        drafts: What the copy holds, its `opened` first; made of the entries of `source`.
        session_id: The copy's id.

    Raises:
        SessionNotFoundError: The session that is copied was deleted.
        SessionExistsError: The id is taken.
        StorageError: It cannot be written, or the store was made for release 0.1.0 and cannot begin with so much.
    """
    own: Any = getattr(repository, "copy", None)
    if own is not None:
        copied: Journal = await own(source, drafts, session_id)
        return copied
    if not _takes("rest", getattr(repository.create, "__func__", repository.create)):
        raise StorageError(
            f"{type(repository).__name__} cannot begin a session with what another has done: its create has no `rest`",
            hint="Nothing was copied. Use a store made for this version of strands-cli.",
        )
    await source.load()
    return await repository.create(session_id, drafts[0], drafts[1:])


async def begin_session(repository: Repository, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> Journal:
    """Begin a session as `Repository.create` does; a store made for release 0.1.0 is given `rest` in a second write."""
    if not rest:
        return await repository.create(session_id, opened)
    if _takes("rest", getattr(repository.create, "__func__", repository.create)):
        return await repository.create(session_id, opened, rest)
    journal = await repository.create(session_id, opened)
    await append_durably(journal, rest, expect=1)
    return journal


async def resolve_ids(repository: Repository, prefix: str, limit: int = 2) -> list[str]:
    """Return the ids that begin with `prefix`, in the order of their characters, so that the whole id comes first.

    Args:
        repository: Where the sessions are kept.
        prefix: How the ids begin; none begins with nothing.
        limit: How many to return, at most.
    """
    if not prefix:
        return []
    own: Any = getattr(repository, "resolve", None)
    if own is not None:
        found: list[str] = await own(prefix, limit)
        return found
    return sorted(known for known in await repository.ids() if known.startswith(prefix))[:limit]


async def put_blob(repository: Repository, content: bytes) -> str:
    """Keep a content, by its digest, for a session that is begun or taken up within the hour; return the digest.

    Raises:
        StorageError: It cannot be written, or the store keeps nothing but sessions.
    """
    own: Any = getattr(repository, "put_blob", None)
    if own is None:
        raise StorageError(
            f"{type(repository).__name__} keeps no files, and the session needs some: it has no put_blob",
            hint="Use a directory, SQLite or PostgreSQL.",
        )
    digest: str = await own(content)
    return digest


async def blob(repository: Repository, digest: str) -> bytes:
    """Return what is kept by its digest.

    Raises:
        SessionDamagedError: It is not there, or not what was put in.
    """
    own: Any = getattr(repository, "blob", None)
    if own is None:
        raise SessionDamagedError(f"{digest} is not in the store", hint="Copy the session anew.")
    content: bytes = await own(digest)
    return content


async def append_durably(journal: Journal, drafts: Sequence[Draft], *, expect: int) -> list[Entry]:
    """Append as `Journal.append` does with `durable`; a store made for release 0.1.0, which lacks it, is synced."""
    if _takes("durable", getattr(journal.append, "__func__", journal.append)):
        return await journal.append(drafts, expect=expect, durable=True)
    entries = await journal.append(drafts, expect=expect)
    await journal.sync()
    return entries


@lru_cache(maxsize=64)
def _takes(name: str, method: Callable[..., Any]) -> bool:
    return name in signature(method).parameters


def kept_open(journal: Journal) -> AbstractContextManager[Any]:
    """Return what keeps open, over several calls, what a store opens for each; many have nothing to open."""
    found = getattr(journal, "kept_open", None)
    return nullcontext() if found is None else found()


async def is_alive(journal: Journal, driver: str) -> bool:
    """Whether the driver may still write; a store made for release 0.1.0 tells without being awaited."""
    told: Any = journal.alive(driver)
    return bool(await told if isawaitable(told) else told)
