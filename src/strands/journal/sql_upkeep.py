"""What is done with whole sessions of a database: taken out line by line, put in, checked, removed when old."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from strands._threads import on_disk
from strands.journal import faults, lines
from strands.journal.blobs import digest_of
from strands.journal.database import Database, Transaction
from strands.journal.heads import HeadsLog
from strands.journal.ids import check_id
from strands.journal.projection import DELETED, INTERRUPTED, OVER, change_of, original, portable
from strands.journal.sql_blobs import content_at, put_blob, remove_all_unused
from strands.journal.sql_journal import Counts, SqlJournal
from strands.journal.sql_log import Place
from strands.journal.sql_rows import lines_from

WORKFLOW = "workflow"
"""The kind of sessions that a repository keeps: agents keep theirs in the same tables."""

IN_PLACE = "namespace = ? and kind = ?"
HERE = f"from strands_sessions where {IN_PLACE}"


class SqlUpkeep:
    """The sessions of a database as a whole; a part of `SqlRepository`.

    Attributes:
        keeps_files: Sessions are begun with the files that their specs need: other machines reach the store.
    """

    keeps_files: ClassVar[bool] = True

    def __init__(self, database: Database, namespace: str = "") -> None:
        self.database: Database = database
        self.namespace: str = namespace
        self._counts = Counts(database)

    async def export(self, session_id: str) -> bytes:
        """Return the lines of a session, as a file holds them.

        Raises:
            SessionNotFoundError: There is none.
        """
        statement = f"select no {HERE} and id = ? and status <> ?"

        def read(transaction: Transaction) -> list[bytes]:
            found = transaction.execute(statement, self.namespace, WORKFLOW, portable(session_id), DELETED)
            return lines_from(transaction, found[0][0], 0) if found else []

        there = await self._read(read)
        if not there:
            raise faults.missing(session_id)
        return b"".join(line + b"\n" for line in there)

    async def content(self, session_id: str) -> bytes:
        """Return the lines of a session as they are, whatever is wrong with them.

        Raises:
            SessionNotFoundError: There is none.
        """
        return await self.export(session_id)

    def heads_log(self) -> HeadsLog:
        """Return the log of what its sessions were when something had been decided in them."""
        from strands.journal.sql_heads import SqlHeads

        return SqlHeads(self.database, self.namespace)

    async def restore(self, session_id: str, content: bytes) -> None:
        """Begin a session with these lines, durably and at once.

        Raises:
            SessionExistsError: The id is taken.
            StorageError: It cannot be written.
        """
        check_id(session_id)
        entries = lines.parse(content).entries
        told = entries[0].data
        begin = partial(
            self._journal(session_id).begin_with,
            content.removesuffix(b"\n").split(b"\n"),
            change_of(entries, 0),
            (told.get("workflow"), told.get("pattern")),
            entries[0].at,
        )
        await on_disk(begin)

    async def check(self, session_id: str) -> str:
        """Return in what a session's row does not agree with its lines; "" if in nothing."""
        parsed = lines.parse(await self.export(session_id))
        statement = f"select count, last_sum, status, driver, origins, open, tokens {HERE} and id = ?"
        rows = await self._read(lambda each: each.execute(statement, self.namespace, WORKFLOW, portable(session_id)))
        meant = change_of(parsed.entries, 0)
        driver = meant.driver if rows and rows[0][3] else ""  # a dead one's session is given back without a line
        told = (
            *(len(parsed.entries), parsed.last_sum, meant.status or INTERRUPTED, driver or ""),
            " ".join(map(str, meant.origins)),
            *(len(meant.asked.keys() - meant.answered.keys()), meant.tokens),
        )
        names = ("count", "last sum", "status", "driver", "origins", "open questions", "tokens")
        wrong = [name for name, one, other in zip(names, rows[0], told, strict=True) if one != other] if rows else []
        return f"its row says something else than its lines: {', '.join(wrong)}" if wrong else ""

    async def prune(self, *, before: float, statuses: Sequence[str], limit: int) -> list[str]:
        """Remove some sessions that are over.

        Args:
            before: Unix time in seconds; only what was not touched since.
            statuses: Only with one of these, of which each says that a session is over.
            limit: At most so many; call it again while it removes so many.

        Returns:
            The ids of those that were removed.
        """
        over = sorted(OVER.intersection(statuses))
        marks = ", ".join("?" * len(over))
        which = f"{IN_PLACE} and status in ({marks}) and updated_at < ?"

        values = (self.namespace, WORKFLOW, *over, before)
        removed = await on_disk(partial(self._remove, which, *values, limit=limit, durable=True)) if over else None
        return [original(id) for id in removed or ()]

    def _remove(
        self, which: str, *values: object, limit: int | None = None, durable: bool = False, unused: bool = False
    ) -> list[str] | None:
        """Remove sessions, with what nobody uses any more, and return their ids as they are kept; None for none.

        Args:
            which: A condition on their rows.
            values: Its values.
            limit: At most so many.
            durable: Return only once that outlives a power loss.
            unused: Remove what no session at all uses, too; so does a removal of fewer than `limit`.
        """
        from strands.journal import sql_heads

        def work(transaction: Transaction) -> tuple[list[str], sql_heads.Written | None, bool]:
            removed, written = sql_heads.remove(transaction, self.namespace, which, *values, limit=limit)
            if unused or (limit is not None and len(removed) < limit):
                remove_all_unused(transaction, self.namespace)
            return removed, written, bool(removed) or transaction.again

        removed, written, is_done = self.database.write(work, durable=durable)
        if written is not None:
            sql_heads.SqlHeads(self.database, self.namespace).tell(written)
        return removed if is_done else None

    async def put_blob(self, content: bytes) -> str:
        """Keep a content for a session that is begun or taken up within the hour, and return its digest.

        Raises:
            StorageError: It cannot be written, or is too large.
        """
        work = partial(put_blob, namespace=self.namespace, content=content, kept=True)
        await on_disk(partial(self.database.write, work, durable=True))
        return digest_of(content)

    async def blob(self, digest: str) -> bytes:
        """Return a content.

        Raises:
            SessionDamagedError: It is not there, or not what was put in.
        """
        content: bytes = await self._read(partial(content_at, namespace=self.namespace, digest=digest))
        return content

    async def _read(self, work: Callable[[Transaction], Any]) -> Any:
        return await on_disk(partial(self.database.read, work))

    def _journal(self, session_id: str) -> SqlJournal:
        return SqlJournal(self.database, Place(self.namespace, WORKFLOW, session_id), counts=self._counts)
