"""Signed heads: what a journal was when something had been decided in it, kept apart from it in the heads log.

A head names a session, how many entries it has and the checksum of the last, which covers all before. It is signed with
a key that is not in the store, so who can write to the store and does not have the key can neither make a head nor
change one. The lines of the log are chained like those of a journal. How far the log is known to have come is told in a
mark beside the key: a log, or a whole store, that was set back is noticed.

Heads are written only for sessions that ask people. A session without one is as it was before there were heads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from strands.journal.errors import StorageError

logger: logging.Logger = logging.getLogger(__name__)

NAME = "heads.jsonl"
DECISIONS = frozenset({"voted", "answered", "expired"})
ENDS = frozenset({"closed", "cancelled", "deleted"})
"""Kinds of entries after which a session that has asked has a head."""

REDACTING, REDACTED, COPIED, MENDED = "redacting", "redacted", "copied", "mended"
"""What heads come after besides: before and after all checksums of a session change because something said in it was
redacted; a session that was begun with what another has recorded; a head that a killed writer still owed."""


class JournalHead(NamedTuple):
    """What a journal was.

    Attributes:
        session: The session.
        after: The kind of the entry that it came after, or one of the words of this module.
        opening: The checksum of the first line, which tells this session from every other.
        entries: How many entries it had.
        last: The checksum of the last line.
        at: Unix time in seconds.
    """

    session: str
    after: str
    opening: str
    entries: int
    last: str
    at: float


class HeadsLog(Protocol):
    """The heads log of a store. Its methods wait for the store: call them in a worker thread."""

    @property
    def place(self) -> str:
        """What is told apart by it: the store, and the namespace in it."""
        ...

    def append(self, heads: Sequence[JournalHead]) -> None:
        """Append heads, durably.

        Raises:
            StorageError: They cannot be written, or there is no key.
        """
        ...

    def content(self) -> bytes:
        """Return its lines; nothing where it was not begun."""
        ...


def after(kinds: Iterable[str]) -> str:
    """Return the kind of the last of these entries that a head comes after; "" for none."""
    found = ""
    for kind in kinds:
        if kind in DECISIONS or kind in ENDS:
            found = kind
    return found


def owed(log: HeadsLog, heads: Sequence[JournalHead]) -> None:
    """Append heads; where that cannot be done say so and go on: what was decided stands, and the head is owed."""
    try:
        log.append(heads)
    except (StorageError, OSError) as error:
        logger.warning("what was decided in session %r is not anchored yet: %s", heads[-1].session, error)
