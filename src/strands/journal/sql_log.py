"""A journal in rows: the very lines of the file format, chained by their sums, one transaction an append."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from strands.journal import faults, lines
from strands.journal.blobs import LARGE, cut
from strands.journal.database import Database, Row, Transaction
from strands.journal.entries import FORMAT, NEWEST_FORMAT, Draft, Encoded, Entry
from strands.journal.errors import (
    SessionError,
    SessionExistsError,
    SessionNotFoundError,
    StorageError,
)
from strands.journal.excerpt import Decide
from strands.journal.heads import COPIED, REDACTED
from strands.journal.known import Known
from strands.journal.place import Place as Place
from strands.journal.projection import DELETED, Change, change_of, portable
from strands.journal.protocol import Conflict
from strands.journal.sql_answer import SqlAnswer
from strands.journal.sql_blobs import remove_unused, used_by
from strands.journal.sql_faults import check_row, damaged, went_back
from strands.journal.sql_joined import is_joinable
from strands.journal.sql_rows import (
    append_joined,
    append_lines,
    begin_session,
    change_session,
    is_line,
    lines_at,
    lines_from,
    put_beside,
    put_lines,
    remove_sessions,
    told_and_there,
)

if TYPE_CHECKING:
    from strands.journal.sql_heads import Written


class SqlLog(Known):
    """The journal of one session. Its methods wait for the database: call them in a worker thread.

    Args:
        database: Where it is.
        place: Which one it is.
        no: The number of its row; 0 while it is not begun or found.
        read: Reads a line, if not as JSON alone.
    """

    def __init__(self, database: Database, place: Place, no: int = 0, *, read: lines.Read = lines.read_json) -> None:
        super().__init__(place.id, read)
        self.place: Place = place
        self._database = database
        self._no = no
        self._told: Row = ()
        self._opening = ""
        self._turn = threading.RLock()

    @property
    def no(self) -> int:
        """The number of its row, which no other session ever has; 0 while it is not begun or found."""
        return self._no

    @property
    def path(self) -> str:
        """Where it is, as text for people."""
        return f"{self._database.name}, {self.place.kind} {self.place.id}"

    def keep_open(self) -> None:
        """A database keeps its connections anyway."""

    def let_close(self) -> None:
        """A database keeps its connections anyway."""

    def find(self) -> None:
        """Look up the session's row.

        Raises:
            SessionNotFoundError: There is none.
        """
        rows = self._database.read(self._look_up)
        if not rows:
            raise faults.missing(self._id)
        self._no, self._told = rows[0][0], rows[0][1:]

    def begin(self, drafts: Sequence[Draft | Encoded], *, while_there: int = 0) -> None:
        """Begin the journal with these entries, at once and durably.

        Args:
            drafts: The entries.
            while_there: The number of a session that has to be there for it; 0 for none.

        Raises:
            SessionExistsError: The journal has been begun.
            SessionNotFoundError: The other session was deleted.
            StorageError: It cannot be written.
        """
        content, entries, last_sum = lines.encode(drafts, 0, "", read=self._reads_back)
        opened = drafts[0]
        told = opened.data if not isinstance(opened.data, bytes) else {}
        names = told.get("workflow"), told.get("pattern")
        self.begin_with(_rows(content), change_of(drafts, 0), names, opened.at, while_there=while_there)
        self._took(entries, len(drafts), drafts[-1].kind)
        self._sum, self._size = last_sum, len(content)

    def begin_with(
        self,
        rows: Sequence[bytes],
        change: Change,
        names: tuple[str | None, str | None],
        created_at: float,
        *,
        while_there: int = 0,
    ) -> None:
        """Begin the journal with these lines, at once and durably; `names` are its workflow's and its pattern's."""

        def work(transaction: Transaction) -> int:
            if while_there and not transaction.execute(_THERE, while_there, DELETED):
                raise SessionNotFoundError("the session to be copied was deleted", hint="Nothing was copied.")
            for _ in range(2):
                no = begin_session(transaction, self.place, rows, change, names, created_at)
                if no:
                    if change.asked or change.answered:
                        self._anchor(transaction, COPIED, len(rows), lines.sum_of(rows[-1]))
                    return no
                there = self._look_up(transaction)
                if there and transaction.again and is_line(transaction, there[0][0], 0, lines.sum_of(rows[0])):
                    return int(there[0][0])
                if there and there[0][1] == DELETED:
                    remove_sessions(transaction, "no = ?", there[0][0])
            raise SessionExistsError(f"session {self.place.id!r} exists", hint="Choose another id, or resume it.")

        def at_once(transaction: Transaction) -> int:
            no = begin_session(transaction, self.place, rows, change, names, created_at, at_once=True)
            there = self._look_up(transaction) if not no and transaction.again else []
            is_ours = bool(there) and is_line(transaction, there[0][0], 0, lines.sum_of(rows[0]))
            return int(there[0][0]) if is_ours else no

        beside = while_there or change.touches_questions or change.files or any(cut(row)[1] is not None for row in rows)
        can_join = self._database.joins_statements and not beside
        self._opening = lines.sum_of(rows[0])
        begun = self._database.write(at_once, durable=True, single=True) if can_join else 0
        self._no = begun or self._database.write(work, durable=True)
        self._anchored()

    def news(self) -> list[Entry]:
        """Return the entries that are not known yet, all of them at first.

        Raises:
            SessionNotFoundError: There is no such session, or it was deleted.
            SessionDamagedError: An entry fails its checksum, or the format is newer than this build's.
        """
        with self._turn:
            self._check_there()
            return self._look()

    def write(self, drafts: Sequence[Draft | Encoded], *, expect: int, durable: bool = False) -> list[Entry]:
        """Append as `Journal.append` does."""
        with self._turn:
            self._check_writable()
            if not self._no or not self.count or expect != self.count:
                newer = self._look()
                if expect != self.count:
                    raise Conflict(self._since(expect, newer))
            while True:
                content, entries, last_sum = lines.encode(drafts, expect, self._sum, read=self._reads_back)
                if not drafts:
                    return []
                decided = self._decided(drafts)
                if self._appended(_rows(content), change_of(drafts, expect), last_sum, durable, decided):
                    break
                newer = self._look()  # somebody has appended, or what was said before was redacted
                if newer or expect != self.count:
                    raise Conflict(self._since(expect, newer))
                self._check_row()
            self._took(entries, len(drafts), drafts[-1].kind)
            self._sum, self._size = last_sum, self._size + len(content)
            return entries

    def write_answer(self, keys: Sequence[str], decide: Decide, now: float | None) -> list[Entry]:
        """Append as `strands.journal.excerpt.answer` does; what is known of the log stays as it is."""
        work = SqlAnswer(self.place, self._no, keys, decide, now)
        entries = self._database.write(work.append, durable=True)
        self._anchored(work.written)
        return entries

    def replace(
        self, make: Callable[[bytes, bool], Sequence[Draft | Encoded] | None], *, keep_opening: bool = False
    ) -> bool:
        """Replace all entries at once and durably, while nobody appends, as `FileLog.replace` does."""
        with self._turn:
            self._check_writable()

            def work(transaction: Transaction) -> tuple[list[Entry], str, list[bytes]] | None:
                there = lines_from(transaction, self._no, 0)
                content = b"".join(line + b"\n" for line in there)
                if not there:
                    raise self._gone(transaction)
                drafts = make(content, self.count == len(there) and lines.sum_of(there[-1]) == self._sum)
                if drafts is None:
                    return None
                kept = there[:1] if keep_opening else []
                after = lines.sum_of(kept[0]) if kept else ""
                rest, entries, last_sum = lines.encode(drafts[len(kept) :], len(kept), after, read=self._reads_back)
                rows = [*kept, *_rows(rest)]
                self._rewrite(transaction, drafts, rows, last_sum)
                first = [Draft(*each) for each in drafts[: len(kept)] if not isinstance(each.data, bytes)]
                return [*lines.as_read(first, 0), *entries], drafts[-1].kind, rows

            done = self._database.write(work, durable=True)
            if done is None:
                return False
            entries, last_kind, rows = done
            self._anchored()
            self._forget()
            self._took(entries, len(rows), last_kind)
            self._sum, self._size = lines.sum_of(rows[-1]), sum(len(row) + 1 for row in rows)
            return True

    def is_unmoved(self) -> bool:
        """Return whether nobody else has written since this object read or wrote."""
        rows = self._database.read(lambda each: each.execute(_STATE, self._no))
        return bool(rows) and rows[0][:2] == (self.count, self._sum)

    def _since(self, count: int, newer: Sequence[Entry]) -> list[Entry]:
        return self._known[count:] if self.keeps_entries else [entry for entry in newer if entry.seq >= count]

    # -- reading --------------------------------------------------------------------------------------------------

    def _look(self) -> list[Entry]:
        """Read what is new."""
        known = self.count
        if self._no:
            there = self._database.read(lambda each: self._lines_known(each, max(known - 1, 0)))
        else:
            there = self._database.read(self._first_lines)
        if known and lines.sum_of(there[0]) == self._sum:
            return self._take_in(there[1:])
        if known:  # a line before was written anew
            there = self._database.read(lambda each: self._lines_known(each, 0))
        parsed = lines.parse(b"".join(line + b"\n" for line in there), read=self._read)
        if known and not any(each.kind == "redacted" for each in parsed.entries[known:]):
            raise self._lost()
        self._forget()
        self._sum = ""
        found = self._take_in(there)[known:]
        told, self._told = self._told, ()
        if told and told != (told[0], self.count, self._sum):
            self._check_row()
        return found

    def _check_row(self) -> None:
        """See that the session's row speaks of the lines that are there: nobody could append behind others.

        Raises:
            SessionNotFoundError: The session was deleted.
            SessionDamagedError: The row speaks of others.
        """
        check_row(self._database, self.place, self._database.read(lambda each: told_and_there(each, self._no)))

    def _first_lines(self, transaction: Transaction) -> list[bytes]:
        """Look up the session's row, and return its lines, by one statement.

        Raises:
            SessionNotFoundError: There is no such session.
        """
        row, there = lines_at(transaction, self.place)
        if not row:
            raise faults.missing(self._id)
        self._no, self._told = row[0], row[1:]
        if not there:
            raise self._gone(transaction)
        return there

    def _lines_known(self, transaction: Transaction, first: int) -> list[bytes]:
        """Return the lines from the last known one on.

        Raises:
            SessionNotFoundError: There is no such session.
            StorageError: The line is not there any more.
        """
        found = lines_from(transaction, self._no, first)
        if not found:
            raise self._gone(transaction)
        return found

    def _take_in(self, there: Sequence[bytes]) -> list[Entry]:
        content = b"".join(line + b"\n" for line in there)
        self._size += len(content)
        parsed = lines.parse(content, seq=self.count, last_sum=self._sum, read=self._read)
        if parsed.damage is not None or len(parsed.entries) != len(there):
            cause = parsed.damage.cause if parsed.damage is not None else "it is more than one line"
            raise damaged(self._database, self.place, self.count + len(parsed.entries), cause)
        if not self.count and parsed.entries and parsed.entries[0].data.get("format", FORMAT) > NEWEST_FORMAT:
            raise faults.newer(self._id, parsed.entries[0].data["format"])
        if not self.count:
            self._opening = parsed.first_sum
        if parsed.entries:
            self._took(parsed.entries, len(parsed.entries), parsed.entries[-1].kind)
            self._sum = parsed.last_sum
        self._check_there()
        return parsed.entries

    def _look_up(self, transaction: Transaction) -> list[Row]:
        return transaction.execute(
            "select no, status, count, last_sum from strands_sessions where namespace = ? and kind = ? and id = ?",
            self.place.namespace,
            self.place.kind,
            portable(self.place.id),
        )

    # -- writing --------------------------------------------------------------------------------------------------

    def _appended(self, rows: Sequence[bytes], change: Change, last_sum: str, durable: bool, decided: str) -> bool:
        """Append lines behind those that are known; False if there are others."""
        known, known_sum = self.count, self._sum
        is_plain = max(map(len, rows), default=0) <= LARGE and not change.files and is_joinable(change)
        if self._database.joins_statements and is_plain and not decided:
            return self._database.write(partial(self._appended_at_once, rows, change, last_sum), single=True)

        def work(transaction: Transaction) -> bool:
            if append_lines(transaction, self._no, (known, known_sum), rows, change, last_sum):
                if decided:
                    self._anchor(transaction, decided, known + len(rows), last_sum)
                return True
            return transaction.again and is_line(transaction, self._no, known + len(rows) - 1, last_sum)

        appended = self._database.write(work, durable=durable)
        self._anchored()
        return appended

    def _appended_at_once(self, rows: Sequence[bytes], change: Change, last_sum: str, transaction: Transaction) -> bool:
        known = self.count
        moved = append_joined(transaction, self._no, (known, self._sum), rows, change, last_sum)
        last = known + len(rows) - 1
        return moved is not None or (transaction.again and is_line(transaction, self._no, last, last_sum))

    def _rewrite(
        self, transaction: Transaction, drafts: Sequence[Draft | Encoded], rows: Sequence[bytes], last_sum: str
    ) -> None:
        change = change_of(drafts[self.count :], self.count)
        namespace = change_session(transaction, self._no, (self.count, self._sum), (len(rows), last_sum), change)
        if namespace is None:
            raise Conflict([])
        used = used_by(transaction, [self._no])
        for table in ("entries", "uses"):
            transaction.execute(f"delete from strands_{table} where session = ?", self._no)
        put_lines(transaction, self._no, namespace, 0, rows)
        change.files = change_of(drafts, 0).files
        put_beside(transaction, self._no, namespace, change)
        remove_unused(transaction, used)
        self._anchor(transaction, REDACTED, len(rows), last_sum)

    # -- signed heads, which the journals of workflows have ---------------------------------------------------------

    def _decided(self, drafts: Sequence[Draft | Encoded]) -> str:
        """Return the kind of the last of these entries that a signed head comes after; "" for none."""
        return ""

    def _anchor(self, transaction: Transaction, after: str, entries: int, last_sum: str) -> None:
        """Sign the head of a journal of so many entries, of which the last has this checksum."""

    def _anchored(self, written: Written | None = None) -> None:
        """Take notice that a transaction counts, and so do the heads in it: those of `written`, or the last signed."""

    # -- what can be wrong ------------------------------------------------------------------------------------------

    def _lost(self) -> StorageError:
        error = went_back(self._database, self.place)
        self._broken = error.message
        return error

    def _gone(self, transaction: Transaction) -> SessionError | StorageError:
        """Return why lines that were there are not."""
        there = self._look_up(transaction)
        if there and there[0][0] == self._no:
            return self._lost() if self.count else damaged(self._database, self.place, 0, "it is missing")
        if there and there[0][1] != DELETED:
            return faults.begun_anew(self._id)
        return faults.missing(self._id)


_THERE = "select 1 from strands_sessions where no = ? and status <> ?"
_STATE = "select count, last_sum, status from strands_sessions where no = ?"


def _rows(content: bytes) -> list[bytes]:
    """Return the lines of what was encoded, without their newlines."""
    return content[:-1].split(b"\n") if content else []
