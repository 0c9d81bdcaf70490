"""What an object knows of a log: how far it has read, and the entries themselves where it keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from strands.journal import faults, lines
from strands.journal.entries import Draft, Encoded, Entry
from strands.journal.errors import StorageError


class Known:
    """A log, as far as this object knows it; where it is kept is told by subclasses.

    Args:
        session_id: The session's id, for messages.
        read: Reads the JSON of a line.

    Attributes:
        count: How many entries are known.
    """

    keeps_entries: ClassVar[bool] = False

    def __init__(self, session_id: str, read: lines.Read) -> None:
        self.count: int = 0
        self._id = session_id
        self._read = read
        self._known: list[Entry] = []
        self._last_kind = ""
        self._size = 0
        self._sum = ""
        self._broken = ""

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self._id

    @property
    def size(self) -> int:
        """How many bytes of it are known."""
        return self._size

    @property
    def broken(self) -> str:
        """Why the store did not confirm a write, so that nothing more is written through this object; "" if it did."""
        return self._broken

    @property
    def _reads_back(self) -> lines.Read | None:
        return self._read if self.keeps_entries else None

    def _took(self, entries: list[Entry], count: int, last_kind: str) -> None:
        self.count += count
        self._last_kind = last_kind
        if self.keeps_entries:
            self._known += entries

    def _forget(self) -> None:
        self.count = self._size = 0
        self._known = []

    def _check_there(self) -> None:
        if self._last_kind == "deleted":
            raise faults.missing(self._id)

    def _check_writable(self) -> None:
        if self._broken:
            raise StorageError(self._broken, hint="Resume the session: it goes on from what is on record.")
        self._check_there()

    def _changed(
        self, change: Callable[[Entry], Mapping[str, object]], drafts: Sequence[Draft], expect: int
    ) -> Callable[[bytes, bool], Sequence[Draft | Encoded] | None]:
        """Return what makes, for `replace`, the known entries as `change` has them with `drafts` behind them.

        It makes nothing where there are more, or other entries, than the first `expect`.
        """

        def make(content: bytes, unmoved: bool) -> Sequence[Draft | Encoded] | None:
            if not unmoved or self.count != expect:
                return None
            return [*(Draft(each.kind, each.key, change(each), each.at) for each in self._known), *drafts]

        return make
