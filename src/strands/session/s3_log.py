"""A log in an object store, where a write on a condition is the only lock there is.

The newest lines are in one object, which is written whole at each append, on the condition that it is still the one
that was read: so of two writers one is refused, and of an object that was removed nobody makes a new one. Before it
grows large its lines go into an object that never changes, and it names those in its first line. All of them one after
the other are what the log would be in a file.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from itertools import takewhile

from strands.journal import faults, lines
from strands.journal.entries import FORMAT, Draft, Encoded, Entry
from strands.journal.errors import SessionDamagedError, SessionExistsError
from strands.journal.head import Head
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException

from .s3_content import Content, LogPart
from .s3_store import Held, S3Store

NAME = "journal.jsonl"

FULL = 32_768
"""Bytes of lines from which on the newest object is full."""

MOST = 32
"""How many older objects of about that size there are before they become one."""

_TRIES = 5
_PAUSE = 0.05


class S3Log:
    """The log in the object `<prefix>journal.jsonl`. Its methods wait for the network.

    It has the methods of `FileLog`, and keeps no entries either: who reads it folds them.

    Args:
        store: The bucket.
        prefix: What the keys begin with.
        session_id: The session's id, for messages.
        read: Reads the JSON of a line.

    Attributes:
        count: How many entries are known.
        touched: When it was written here last, by `time.monotonic`.
    """

    def __init__(self, store: S3Store, prefix: str, session_id: str, read: lines.Read = lines.read_json) -> None:
        self.count: int = 0
        self.touched: float = 0.0
        self._store = store
        self._prefix = prefix
        self._key = f"{prefix}{NAME}"
        self._id = session_id
        self._read = read
        self._content = Content((), b"")
        self._version = ""
        self._sum = self._opening = ""
        self._unsure: tuple[bytes, Sequence[Draft | Encoded]] | None = None
        self._lock = threading.RLock()

    @property
    def key(self) -> str:
        """The object with the newest lines."""
        return self._key

    @property
    def path(self) -> str:
        """What it is called in messages."""
        return self._store.name(self._key)

    @property
    def opening(self) -> str:
        """The sum of the first line, which tells this log from every other."""
        return self._opening

    @property
    def size(self) -> int:
        """How many bytes of lines are known."""
        return sum(part.size for part in self._content.older) + len(self._content.tail)

    @property
    def broken(self) -> str:
        """Nothing: what the store has taken, it keeps."""
        return ""

    @property
    def older(self) -> frozenset[str]:
        """The keys of the objects with older lines."""
        return frozenset(self._prefix + part.name for part in self._content.older)

    def forked(self) -> None:
        """This is a copy in a forked child: the lock is the parent's."""
        self._lock = threading.RLock()

    def keep_open(self) -> None:
        """Nothing is kept open."""

    def let_close(self) -> None:
        """Nothing is kept open."""

    # -- reading --------------------------------------------------------------------------------------------------

    def news(self) -> list[Entry]:
        """Return the entries that are not known yet, all of them at first.

        Raises:
            SessionNotFoundError: There is no such log, or it is another one by now.
            SessionDamagedError: An entry fails its checksum, is missing, or the format is newer than this build's.
        """
        with self._lock:
            for attempt in range(_TRIES):
                found = self._store.fetch(self._key)
                if found is None:
                    raise faults.begun_anew(self._id) if self.count else faults.missing(self._id)
                try:
                    return self._take_in(found)
                except _Gone:  # somebody has put older lines together since, and the newest object says so
                    if attempt == _TRIES - 1:
                        raise
            raise AssertionError("unreachable")

    def _take_in(self, found: Held) -> list[Entry]:
        if self.count and found.version == self._version:
            return []
        content = Content.of(found.content)
        first, before, text = self._lines_from(content, self.count)
        parsed = lines.parse(text, seq=first, last_sum=before, read=self._read)
        if parsed.damage is not None:
            raise faults.damaged(self.path, self._id, parsed.damage.line, parsed.damage.cause)
        end = first + len(parsed.entries)
        if self.count and not self._goes_on(text, first, before, end):
            raise faults.begun_anew(self._id)
        if not parsed.entries and not self.count:
            raise faults.missing(self._id)
        if not self.count:
            version = parsed.entries[0].data.get("format", FORMAT)
            if version > FORMAT:
                raise faults.newer(self._id, version)
            self._opening = parsed.first_sum
        known, self.count = self.count, end
        self._content, self._version, self._sum = content, found.version, parsed.last_sum
        return parsed.entries[known - first :]

    def _lines_from(self, content: Content, count: int) -> tuple[int, str, bytes]:
        """Return lines from the entry `count` on, or from one before it: its number, the sum before it, the lines."""
        needed = [part for part in content.older if part.first + part.entries > count]
        if not needed:
            return content.first, content.sum_before, content.tail
        before = content.older[: len(content.older) - len(needed)]
        pieces = self._store.all(self._piece, needed)
        return needed[0].first, before[-1].sum if before else "", b"".join([*pieces, content.tail])

    def _piece(self, part: LogPart) -> bytes:
        found = self._store.fetch(self._prefix + part.name)
        if found is None:
            name = self._store.name(self._prefix + part.name)
            raise _Gone(
                f"session {self._id!r} is damaged: {name!r} is missing",
                hint="Bring it back from a backup, or delete the session.",
            )
        return found.content

    def _goes_on(self, text: bytes, first: int, before: str, end: int) -> bool:
        """Whether the lines go on from those that are known."""
        if not first <= self.count <= end:
            return False
        if self.count == first:
            return before == self._sum
        return lines.sum_of(text.split(b"\n", self.count - first)[self.count - first - 1]) == self._sum

    def whole(self) -> tuple[bytes, Head]:
        """Return all lines that are there, whatever is missing among them, and how many there were at least."""
        found = self._store.fetch(self._key)
        content = Content.of(found.content if found is not None else b"")
        pieces = self._store.all(lambda part: self._store.fetch(self._prefix + part.name), content.older)
        text = b"".join([*(each.content for each in pieces if each is not None), content.tail])
        return text, Head(content.first, len(text), lines.sum_of(text.partition(b"\n")[0]), "")

    def is_unmoved(self) -> bool:
        """Return whether nobody else has written since this object read or wrote."""
        with self._lock:
            return self.count > 0 and self._store.version(self._key) == self._version

    # -- writing --------------------------------------------------------------------------------------------------

    def begin(self, drafts: Sequence[Draft | Encoded]) -> None:
        """Begin the log with these entries, at once.

        Raises:
            SessionExistsError: It has been begun.
            SessionException: The service refuses.
        """
        content, _, last_sum = lines.encode(drafts, 0, "")
        with self._lock:
            if not self._replaced(Content((), content), "", drafts):
                raise SessionExistsError(f"session {self._id!r} exists", hint="Choose another id, or resume it.")
            self.count, self._sum = len(drafts), last_sum
            self._opening = lines.sum_of(content.partition(b"\n")[0])

    def write(self, drafts: Sequence[Draft | Encoded], *, expect: int, durable: bool = False) -> list[Entry]:
        """Append as `Journal.append` does; what is written outlives whatever the store outlives."""
        with self._lock:
            if expect != self.count:
                raise Conflict([])
            while drafts:
                text, _, last_sum = lines.encode(drafts, self.count, self._sum)
                content = self._with_room() if len(self._content.tail) > FULL else self._content
                old = set(self.older)
                if self._replaced(Content(content.older, content.tail + text), self._version, drafts):
                    self.count, self._sum = self.count + len(drafts), last_sum
                    self._remove(old - self.older)
                    break
                drafts = self._without_what_is_there(drafts)
        return []

    def replace(
        self, make: Callable[[bytes, bool], Sequence[Draft | Encoded] | None], *, keep_opening: bool = False
    ) -> bool:
        """Replace all entries at once, as `FileLog.replace` does; nothing, if somebody appends meanwhile."""
        with self._lock:
            found = self._store.fetch(self._key)
            if found is None:
                return False
            text, _ = self.whole()
            drafts = make(text, self.count > 0 and found.version == self._version)
            if drafts is None:
                return False
            old = {self._prefix + part.name for part in Content.of(found.content).older}
            content, opening, last_sum = self._of(drafts)
            if not self._replaced(content, found.version, drafts):
                return False
            self.count, self._opening, self._sum = len(drafts), opening, last_sum
            self._remove(old - self.older)
            return True

    def beat(self) -> bool:
        """Write again what is there: its age tells others that somebody is at work. False if it has moved on."""
        with self._lock:
            return not self.count or self._replaced(self._content, self._version)

    def _of(self, drafts: Sequence[Draft | Encoded]) -> tuple[Content, str, str]:
        """Return a log of these entries, whose lines are in an object of their own if they are many, and two sums."""
        text, _, last_sum = lines.encode(drafts, 0, "")
        content = Content((), text) if len(text) <= FULL else Content((self._part(0, text),), b"")
        return content, lines.sum_of(text.partition(b"\n")[0]), last_sum

    def _with_room(self) -> Content:
        """Put the newest lines into an object of their own; many such objects become one."""
        content = self._content
        older = [*content.older, self._part(content.first, content.tail)]
        small = len(list(takewhile(lambda part: part.size < FULL * MOST, reversed(older))))
        if small >= MOST:
            with contextlib.suppress(
                _Gone
            ):  # somebody else has put them together, or one is lost: they stay as they are
                text = b"".join(self._store.all(self._piece, older[-small:]))
                older[-small:] = [self._part(older[-small].first, text)]
        return Content(tuple(older), b"")

    def _part(self, first: int, text: bytes) -> LogPart:
        last = text.rstrip(b"\n").rpartition(b"\n")[2]
        part = LogPart(first, text.count(b"\n"), len(text), lines.sum_of(last))
        self._store.write_bytes(self._prefix + part.name, text)
        return part

    def _replaced(self, content: Content, version: str, drafts: Sequence[Draft | Encoded] | None = None) -> bool:
        """Make the newest object hold `content` if it is still the one with `version`; False if it is another one.

        Whether a write has come through whose answer is lost is seen by what is there, now or by the next write.

        Args:
            content: What it shall hold.
            version: The version that is to be replaced; "" for none.
            drafts: What is new in it; None for nothing.
        """
        body = content.to_bytes()
        for attempt in range(_TRIES):
            try:
                written = self._store.put(self._key, body, version)
            except SessionException:
                if drafts is not None:
                    self._unsure = body, drafts
                there = self._there()
                if there is None or there.content != body:
                    raise
                written = there.version
            if written is None:
                there = self._store.fetch(self._key)
                if there is not None and there.content == body:
                    written = there.version
                elif not self._is_as_it_was(there, version):
                    return False
                else:  # somebody has written the same again, or the store wants to be asked once more
                    version = there.version if there is not None else ""
                    time.sleep(_PAUSE * attempt)
                    continue
            self._content, self._version = content, written
            if drafts is not None:
                self._unsure = None
            self.touched = time.monotonic()
            return True
        raise SessionException(f"could not write {self.path!r}: the store was busy {_TRIES} times. Try again")

    def _is_as_it_was(self, there: Held | None, version: str) -> bool:
        if there is None:
            return not version
        return there.version == version or (self.count > 0 and there.content == self._content.to_bytes())

    def _there(self) -> Held | None:
        try:
            return self._store.fetch(self._key)
        except SessionException:
            return None

    def _without_what_is_there(self, drafts: Sequence[Draft | Encoded]) -> Sequence[Draft | Encoded]:
        """Take in what others have written; if it is what an earlier try here was to write, return what is left.

        Raises:
            Conflict: It is something else.
        """
        unsure, self._unsure = self._unsure, None
        entries = self.news()
        if unsure is not None and self._content.to_bytes() == unsure[0]:
            told = [each[:3] for each in unsure[1]]
            if [each[:3] for each in drafts[: len(told)]] == told:
                return drafts[len(told) :]
        raise Conflict(entries)

    def _remove(self, keys: set[str]) -> None:
        """Remove objects whose lines are in others; who has not heard of that finds them there."""
        if keys:
            self._store.delete_unneeded(sorted(keys))


class _Gone(SessionDamagedError):
    """An object with older lines is not there."""
