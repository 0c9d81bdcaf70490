"""What the journals of a directory come to, kept so that a list asks for a page and reads only what has changed.

It is never the truth: it may be removed at any time, and where it cannot be read or written it is made in memory.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

from strands._home import check_status
from strands.journal import files
from strands.journal.by_deadline import deadline_place
from strands.journal.find import RESTS, Due, Folded, QuestionSummary, due_since
from strands.journal.projection import original, portable

logger: logging.Logger = logging.getLogger(__name__)

NAME = ".index.db"
_BUSY_SECONDS = 1.0
_TABLES = """
begin immediate;
drop table if exists journals;
drop table if exists looked;
drop table if exists sessions;
drop table if exists questions;
create table looked (changes text, size int, at real, seconds real, root int, names int);
create table sessions (id text primary key, stamp text, told text, is_sure int, workflow text, rest text, driver text,
    created_at real, due_at real, timer real) without rowid;
create index sessions_new on sessions (created_at desc, id) where rest is not null;
create index sessions_rest on sessions (rest, created_at desc, id) where rest is not null;
create index sessions_due on sessions (due_at) where due_at is not null;
create index sessions_timed on sessions (timer) where timer is not null;
create index sessions_driven on sessions (driver) where driver <> '';
create index sessions_unsure on sessions (is_sure) where not is_sure;
create table questions (asked_at real, session text, key text, kind text, deadline real,
    primary key (asked_at, session, key)) without rowid;
create index questions_of on questions (session);
create index questions_due on questions (deadline, asked_at, session, key);
"""
VERSION = zlib.crc32(" ".join([_TABLES, *Folded._fields]).encode()) & 0x7FFFFFFF
"""Tells an index that this build made from every other."""


class Looked(NamedTuple):
    """How far an index has followed its directory.

    Attributes:
        changes: What tells the file of notes that was read from every other.
        size: How far it was read.
        at: Unix time, in seconds, when all journals were looked at.
        seconds: How long that took.
        root: When the directory itself had changed last, in nanoseconds.
        names: How many directories of sessions there were.
    """

    changes: str
    size: int
    at: float
    seconds: float
    root: int
    names: int


class Indexed(NamedTuple):
    """What is known of a journal as it was at some moment.

    Attributes:
        stamp: What tells the file of that moment from those of others; "" when there is none.
        outcome: What it came to; what is wrong with it, if it cannot be read.
        is_sure: Nobody can have been writing at that moment.
    """

    stamp: str
    outcome: Folded | str
    is_sure: bool = True


def stamp(path: str | os.PathLike[str]) -> str:
    """Return what changes when the file at `path` does; "" when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


class FileIndex:
    """An open index.

    Args:
        connection: The database that holds it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        if connection.execute("pragma user_version").fetchone()[0] != VERSION:
            connection.executescript(_TABLES + f"pragma user_version = {VERSION}; commit;")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who writes to it while the block runs; what fails in the block leaves it as it was."""
        self._connection.execute("begin immediate")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("rollback")
            raise

    @property
    def looked(self) -> Looked | None:
        """How far it has followed; None if it has not begun."""
        rows = self._connection.execute("select * from looked").fetchall()
        return Looked(*rows[0]) if rows else None

    def follow(self, looked: Looked) -> None:
        """Keep how far it has followed."""
        self._connection.execute("delete from looked")
        self._connection.execute("insert into looked values (?, ?, ?, ?, ?, ?)", looked)

    def stamps(self) -> dict[str, str]:
        """Return the stamps of all journals, by session."""
        return dict(self._connection.execute("select id, stamp from sessions").fetchall())

    def stamp_of(self, session_id: str) -> str:
        """Return the stamp of a journal; "" if it is not known."""
        rows = self._connection.execute("select stamp from sessions where id = ?", (session_id,)).fetchall()
        return str(rows[0][0]) if rows else ""

    def unsure(self) -> dict[str, Indexed]:
        """Return what has to be looked at each time, by session: what is damaged, or may have been being written to."""
        rows = self._connection.execute("select id, stamp, told from sessions where not is_sure").fetchall()
        return {id: Indexed(stamp, _decoded(told), False) for id, stamp, told in rows}

    def put(self, session_id: str, known: Indexed, now: float) -> None:
        """Keep what is known of a journal; forget one that is not there."""
        execute = self._connection.execute
        execute("delete from questions where session = ?", (session_id,))
        told = known.outcome
        if not told:
            execute("delete from sessions where id = ?", (session_id,))
            return
        is_sure = known.is_sure and isinstance(told, Folded)
        row: tuple[object, ...] = (None, None, "", None, None, None)
        if isinstance(told, Folded):
            due_at = None if told.wakes_at is None else due_since(told, now)
            row = (portable(told.workflow), told.rest, told.driver, told.created_at, due_at, told.timer)
            questions = [
                (at, session_id, portable(key), portable(kind), until) for key, kind, at, until in told.questions
            ]
            self._connection.executemany("insert into questions values (?, ?, ?, ?, ?)", questions)
        values = (session_id, known.stamp, json.dumps(told), is_sure, *row)
        execute(f"insert or replace into sessions values ({', '.join('?' * len(values))})", values)

    # -- lists --------------------------------------------------------------------------------------------------------

    def newest(self, rests: Sequence[str], workflow: str, limit: int, after: str) -> list[tuple[str, Folded]]:
        """Return sessions that have come to one of `rests`, the newest first, behind that of the key `after`."""
        where, values = "", list[object]()
        if workflow:
            where, values = " and workflow = ?", [portable(workflow)]
        if after:
            key, session_id = after.split(" ", 1)
            where += " and (created_at < ? or (created_at = ? and id > ?))"
            values += [-float(key), -float(key), session_id]
        parts = [("rest <> 'deleted'", ())] if set(rests) >= set(RESTS) else [("rest = ?", (rest,)) for rest in rests]
        found: list[tuple[str, Folded]] = []
        for is_meant, value in parts:
            statement = f"select id, told from sessions where rest is not null and {is_meant}{where} "
            rows = self._connection.execute(
                f"{statement} order by created_at desc, id limit ?", (*value, *values, limit)
            ).fetchall()
            found += [(id, _folded(told)) for id, told in rows]
        return sorted(found, key=lambda each: (-each[1].created_at, each[0]))[:limit]

    def questions(self, now: float, limit: int, after: str) -> list[QuestionSummary]:
        """Return questions that are open, the oldest first, behind that of the key `after`."""
        where, values = "(deadline is null or deadline > ?)", list[object]([now])
        if after:
            asked_at, session_id, key = after.split(" ", 2)
            where += " and (asked_at, session, key) > (?, ?, ?)"
            values += [float(asked_at), session_id, portable(key)]
        return self._questions(f"{where} order by asked_at, session, key", values, limit)

    def _questions(self, where: str, values: Sequence[object], limit: int) -> list[QuestionSummary]:
        statement = f"select session, key, kind, asked_at, deadline from questions where {where} limit ?"
        rows = self._connection.execute(statement, (*values, limit)).fetchall()
        return [QuestionSummary(id, original(key), original(kind), *more) for id, key, kind, *more in rows]

    def by_deadline(self, now: float, limit: int, after: str) -> list[QuestionSummary]:
        """Return questions that are open, the next deadline first, behind that of the place `after`."""
        place = deadline_place(after) if after else (now, -inf, "", "")
        begin = (*place[:3], portable(place[3]))
        found: list[QuestionSummary] = []
        if begin[0] < inf:
            where = "deadline > ? and (deadline, asked_at, session, key) > (?, ?, ?, ?)"
            found += self._questions(f"{where} order by deadline, asked_at, session, key", (now, *begin), limit)
            begin = (inf, -inf, "", "")
        if len(found) < limit:
            where = "deadline is null and (asked_at, session, key) > (?, ?, ?)"
            found += self._questions(f"{where} order by asked_at, session, key", begin[1:], limit - len(found))
        return found

    def due(self, now: float, limit: int) -> list[Due]:
        """Return sessions that are due, the longest due first."""
        statement = "select id, due_at, told from sessions where due_at <= ? order by due_at limit ?"
        rows = self._connection.execute(statement, (now, limit)).fetchall()
        return [Due(id, since, _folded(told).entries) for id, since, told in rows]

    def timed(self, now: float) -> list[tuple[str, Folded]]:
        """Return the sessions in which something is due of a question, the longest due first."""
        statement = "select id, told from sessions where timer <= ? order by timer, id"
        return [(id, _folded(told)) for id, told in self._connection.execute(statement, (now,)).fetchall()]

    def next_timer(self) -> tuple[float | None]:
        """Return when something is due next of a question of a session that nobody drives."""
        statement = "select timer from sessions where timer is not null and driver = '' order by timer limit 1"
        row: tuple[float | None] | None = self._connection.execute(statement).fetchone()
        return row or (None,)

    def all(self) -> list[tuple[str, Folded]]:
        """Return what all journals come to that can be read."""
        rows = self._connection.execute("select id, told from sessions where rest is not null order by id").fetchall()
        return [(id, _folded(told)) for id, told in rows]

    def waking(self, now: float) -> list[tuple[str, Folded]]:
        """Return the sessions that are due, or whose driver may have died."""
        columns = "select id, told from sessions where"
        statement = f"{columns} driver <> '' union {columns} due_at <= ?"
        return [(id, _folded(told)) for id, told in self._connection.execute(statement, (now,)).fetchall()]


@contextlib.contextmanager
def opened(root: Path) -> Iterator[FileIndex]:
    """Open the index of a directory, and make it where there is none or it is damaged.

    Raises:
        sqlite3.Error, OSError: It cannot be opened.
    """
    path = root / NAME
    with contextlib.suppress(FileExistsError):
        os.close(files.open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    check_status(path, os.stat(path))
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("pragma synchronous = off")
        connection.execute("pragma journal_mode = persist")  # no file comes and goes beside the sessions
        yield FileIndex(connection)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        if not isinstance(error, sqlite3.OperationalError):
            logger.debug("%s is made anew: %s", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
        raise
    finally:
        connection.close()


def _decoded(text: str) -> Folded | str:
    told = json.loads(text)
    if isinstance(told, str):
        return told
    *rest, questions = told
    return Folded._make([*rest, tuple(tuple(each) for each in questions)])


def _folded(text: str) -> Folded:
    told = _decoded(text)
    if isinstance(told, str):
        raise TypeError("it is not what was kept")
    return told
