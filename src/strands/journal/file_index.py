"""What the journals of a directory come to, kept so that a list reads only those that have changed.

It is never the truth: it may be removed at any time, and where it cannot be read or written the journals are read.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from strands._home import check_status
from strands.journal import files
from strands.journal.find import Folded

if TYPE_CHECKING:
    import sqlite3

logger: logging.Logger = logging.getLogger(__name__)

NAME = ".index.db"
_VERSION = 2
_BUSY_SECONDS = 1.0


class Indexed(NamedTuple):
    """What is known of a journal as it was at some moment.

    Attributes:
        stamp: What tells the file of that moment from those of others.
        outcome: What it came to; what is wrong with it, if it cannot be read.
    """

    stamp: str
    outcome: Folded | str


def stamp(path: str | Path) -> str:
    """Return what changes when the file at `path` does; "" when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{_VERSION} {status.st_ino} {status.st_size} {status.st_mtime_ns}"


def read(root: Path) -> dict[str, Indexed]:
    """Return what is known of the journals in `root`, by session; nothing where that cannot be told."""
    path = root / NAME
    if not path.is_file():
        return {}
    known: dict[str, Indexed] = {}
    with _forgiving(path), _opened(path) as database:
        rows = database.execute("select id, stamp, told from journals").fetchall()
        known.update((id, Indexed(stamp, _decoded(told))) for id, stamp, told in rows)
    return known


def write(root: Path, changed: Mapping[str, Indexed], gone: Iterable[str]) -> None:
    """Keep what is known of some journals, and forget others."""
    path = root / NAME
    with _forgiving(path):
        with contextlib.suppress(FileExistsError):
            os.close(files.open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        with _opened(path) as database:
            rows = [(id, each.stamp, json.dumps(each.outcome)) for id, each in changed.items()]
            database.execute("begin immediate")
            database.execute("create table if not exists journals (id text primary key, stamp text, told text)")
            database.executemany("insert or replace into journals values (?, ?, ?)", rows)
            database.executemany("delete from journals where id = ?", [(id,) for id in gone])
            database.execute("commit")


def _decoded(text: str) -> Folded | str:
    told = json.loads(text)
    if isinstance(told, str):
        return told
    *rest, questions = told
    return Folded._make([*rest, tuple(tuple(each) for each in questions)])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    import sqlite3

    check_status(path, os.stat(path))
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        database.execute("pragma synchronous = off")
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _forgiving(path: Path) -> Iterator[None]:
    """What goes wrong with the index costs time, and nothing else; one that is no index any more is removed."""
    import sqlite3

    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        logger.debug("%s: %s", path, error)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        logger.debug("%s is made anew: %s", path, error)
        with contextlib.suppress(OSError):
            path.unlink()
