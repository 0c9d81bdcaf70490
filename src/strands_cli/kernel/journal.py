"""The journal protocol: an append-only log of one session, with compare-and-append as its only write."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from strands_cli.kernel.types import Draft, Entry

FORMAT = 1
"""The journal format that this build writes; a session of a newer one is refused untouched."""


class Conflict(Exception):
    """The journal has moved on: `entries` are the ones that the caller had not seen."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(f"{len(entries)} newer entries")
        self.entries = list(entries)


class Journal(Protocol):
    """One session's log.

    Entries are numbered from 0 without gaps. Every implementation passes the suite in
    `strands_cli.session.conformance`.
    """

    @property
    def session_id(self) -> str:
        """The session that this is the journal of."""
        ...

    async def load(self) -> list[Entry]:
        """Return all entries, cutting off a torn last one.

        Raises:
            SessionNotFoundError: There is no such session.
            SessionDamagedError: An entry fails its checksum, or the format is newer than this build's.
        """
        ...

    async def append(self, drafts: Sequence[Draft], *, expect: int) -> list[Entry]:
        """Append `drafts`, all or none, if the journal holds exactly `expect` entries.

        Raises:
            Conflict: It holds more; nothing was written.
            StorageError: The write failed; the journal is as before.
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

    def alive(self, driver: str) -> bool:
        """Whether the driver with this id may still write, in this process or another."""
        ...
