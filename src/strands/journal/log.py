"""The protocol of a log for threads: the same promises as `Journal`, kept by methods that wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from strands.journal.entries import Draft, Encoded, Entry

Drafts: TypeAlias = "Sequence[Draft | Encoded]"


class Log(Protocol):
    """One session's log. Who reads it folds the entries; most keep none of them.

    Attributes:
        count: How many entries are known.
    """

    count: int

    @property
    def path(self) -> object:
        """Where it is, as text for people when it is made one."""
        ...

    @property
    def size(self) -> int:
        """How many bytes of it are known."""
        ...

    @property
    def broken(self) -> str:
        """Why the store did not confirm a write, so that nothing more is written through this object; "" if it did."""
        ...

    def begin(self, drafts: Drafts) -> None:
        """Begin the log with these entries, durably and at once.

        Raises:
            SessionExistsError: It has been begun.
        """
        ...

    def news(self) -> list[Entry]:
        """Return the entries that are not known yet, all of them at first.

        Raises:
            SessionNotFoundError: There is no such log, or it was deleted.
            SessionDamagedError: An entry fails its checksum, or the format is newer than this build's.
        """
        ...

    def write(self, drafts: Drafts, *, expect: int, durable: bool = False) -> list[Entry]:
        """Append as `Journal.append` does, and wait for the store."""
        ...

    def replace(self, make: Callable[[bytes, bool], Drafts | None], *, keep_opening: bool = False) -> bool:
        """Replace all entries at once and durably, unless somebody appends meanwhile.

        Args:
            make: Is shown the bytes that are there, and told whether this object knows all of them; returns the entries
                that shall be, or None to leave all as it is.
            keep_opening: The opening line stays as it is: it tells this session from every other.

        Returns:
            Whether they were replaced.
        """
        ...

    def keep_open(self) -> None:
        """Keep open what an append opens, until as many calls of `let_close`."""
        ...

    def let_close(self) -> None:
        """It need not be kept open any longer."""
        ...

    def is_unmoved(self) -> bool:
        """Return whether nobody else has written since this object read or wrote."""
        ...


class DriverRegistry(Protocol):
    """Who drives: a driver is alive until it leaves, or until its process is gone."""

    def enter(self) -> str:
        """Be a driver: returns an id that others see as alive until `leave`."""
        ...

    def leave(self, driver: str) -> None:
        """Be that driver no longer."""
        ...

    def alive(self, driver: str) -> bool:
        """Whether the driver with this id may still write, in this process or another."""
        ...
