"""Which store a place means: a directory, `sqlite:///runs.db`, `postgresql://...`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from strands.journal.errors import StorageError, StoreNotReadyError
from strands.journal.repository import FileRepository

if TYPE_CHECKING:
    from strands.journal.database import Database
    from strands.journal.sql import SqlRepository

VARIABLE = "STRANDS_STORE"
"""The environment variable that says where sessions are kept."""

_URL = re.compile(r"[\w+.-]+://|(?:sqlite|postgres(?:ql)?):")
_SQLITE = "Write sqlite:///runs.db, or sqlite:////full/path/runs.db."
_KNOWN = "Write sqlite:///PATH, or postgresql://USER@HOST/DATABASE."


def is_url(place: str | os.PathLike[str]) -> bool:
    """Whether a place is a database's, not a directory."""
    return _URL.match(os.fspath(place)) is not None


def repository_at(place: str | os.PathLike[str]) -> FileRepository | SqlRepository:
    """Return the store at a place.

    Args:
        place: A directory, or the URL of a database; `sqlite:///` goes on with a path, relative to the current
            directory, or one that begins with another slash. `?namespace=NAME` tells apart what shares a database.

    Raises:
        StoreNotReadyError: It names no store.
    """
    if not is_url(place):
        check_no_file(place)
        return FileRepository(place)
    from strands.journal.sql import SqlRepository

    database, namespace = database_at(os.fspath(place))
    return SqlRepository(database, namespace)


def database_at(url: str) -> tuple[Database, str]:
    """Return the database of a URL, and the namespace that it names.

    Raises:
        StoreNotReadyError: It names no database.
    """
    parts, options = _taken_apart(url)
    namespace, codec = options.pop("namespace", ""), options.pop("codec", "")
    database = _database_at(url, parts, options)
    return (_coded(database, codec) if codec else database), namespace


def namespace_of(place: str) -> str:
    """Return the namespace that the URL of a store names; "" without one.

    Raises:
        StoreNotReadyError: It is a URL that names no store.
    """
    return _taken_apart(place)[1].get("namespace", "") if is_url(place) else ""


def _taken_apart(url: str) -> tuple[SplitResult, dict[str, str]]:
    try:
        parts = urlsplit(url)
        told = parse_qsl(parts.query)
    except ValueError as error:
        raise StoreNotReadyError(f"{url.partition(':')[0]}://... names no store: {error}", hint=_KNOWN) from None
    options = dict(told)
    if "\0" in unquote(url) or parts.fragment or len(options) < len(told):
        raise StoreNotReadyError(
            f"{shown(url)} names no store: it has a NUL, a '#', or an option twice",
            hint="Write sqlite:///runs.db, and %23 for a '#' that belongs to a path.",
        )
    return parts, options


def _coded(database: Database, place: str) -> Database:
    from strands.journal.coded import CodedDatabase

    return CodedDatabase.over(database, place)


def _database_at(url: str, parts: SplitResult, options: Mapping[str, str]) -> Database:
    if parts.scheme == "sqlite":
        if not url.startswith("sqlite:///") or not parts.path.strip("/"):
            raise StoreNotReadyError(f"{shown(url)} names no database", hint=_SQLITE)
        if parts.path == "/:memory:":
            raise StoreNotReadyError(f"{shown(url)} names no file: memory keeps nothing for later", hint=_SQLITE)
        for option in options:
            hint = "There are ?namespace=NAME and &codec=MODULE:NAME."
            raise StoreNotReadyError(f"{shown(url)}: a SQLite database has no option {option!r}", hint=hint)
        from strands.journal.sqlite import SqliteDatabase

        path = unquote(parts.path[1:])
        if os.path.isdir(os.path.expanduser(path)):
            hint = f"For a database in it write sqlite:///{path.rstrip('/')}/runs.db."
            raise StoreNotReadyError(f"{path} is a directory, not the file of a database", hint=hint)
        return SqliteDatabase.at(path)
    if url.startswith(("postgresql://", "postgres://")):
        from strands.journal.postgres import PostgresDatabase

        return PostgresDatabase.at(parts, options)
    why = "" if parts.scheme.startswith("postgres") else f": {parts.scheme!r} is not a kind of database here"
    raise StoreNotReadyError(f"{shown(url)} names no store{why}", hint=_KNOWN)


def check_no_file(place: str | os.PathLike[str]) -> None:
    """Refuse a file where a directory of sessions is meant, and an empty name.

    Raises:
        StoreNotReadyError: A file has that name, or it is empty.
    """
    if not os.fspath(place):
        hint = "Name a directory, sqlite:///PATH, or postgresql://USER@HOST/DATABASE."
        raise StoreNotReadyError("the name of the store is empty", hint=hint)
    if os.path.isfile(os.path.expanduser(place)):
        hint = f"For a database in that file write sqlite:///{os.fspath(place)}."
        raise StoreNotReadyError(f"{os.fspath(place)} is a file, not a directory of sessions", hint=hint)


def check_is_there(place: str | os.PathLike[str]) -> None:
    """Check that a directory or a file of SQLite exists; a server is not asked.

    Raises:
        StorageError: It does not exist.
        StoreNotReadyError: It names no store.
    """
    found = os.path.expanduser(place)
    if is_url(place):
        database, _ = database_at(os.fspath(place))
        found = database.name
        if not os.fspath(place).startswith("sqlite:"):
            return
    if not Path(found).exists():
        raise StorageError(f"there is no store {os.fspath(place)}", hint="Check the name; a run makes it.")


def shown(url: str) -> str:
    """Return a URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:***@{host}").geturl()
