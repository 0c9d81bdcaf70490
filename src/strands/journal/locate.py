"""Which store a place means: a directory, `sqlite:///runs.db`, `postgresql://...`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from strands.journal.errors import StorageError
from strands.journal.repository import FileRepository

if TYPE_CHECKING:
    from strands.journal.database import Database
    from strands.journal.sql import SqlRepository

VARIABLE = "STRANDS_STORE"
"""The environment variable that says where sessions are kept."""

_KNOWN = "Name a directory, sqlite:///PATH, or postgresql://USER@HOST/DATABASE."


def is_url(place: str | os.PathLike[str]) -> bool:
    """Whether a place is a database's, not a directory."""
    return "://" in os.fspath(place)


def repository_at(place: str | os.PathLike[str]) -> FileRepository | SqlRepository:
    """Return the store at a place.

    Args:
        place: A directory, or the URL of a database; `sqlite:///` goes on with a path, relative to the current
            directory, or one that begins with another slash. `?namespace=NAME` tells apart what shares a database.

    Raises:
        StorageError: It names no store.
    """
    if not is_url(place):
        return FileRepository(place)
    from strands.journal.sql import SqlRepository

    database, namespace = database_at(os.fspath(place))
    return SqlRepository(database, namespace)


def database_at(url: str) -> tuple[Database, str]:
    """Return the database of a URL, and the namespace that it names.

    Raises:
        StorageError: It names no database.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    namespace, codec = options.pop("namespace", ""), options.pop("codec", "")
    database = _database_at(url, parts, options)
    return (_coded(database, codec) if codec else database), namespace


def _coded(database: Database, place: str) -> Database:
    from strands.journal.coded import CodedDatabase

    return CodedDatabase.over(database, place)


def _database_at(url: str, parts: SplitResult, options: Mapping[str, str]) -> Database:
    if parts.scheme == "sqlite":
        if parts.netloc or not parts.path.strip("/") or options:
            raise StorageError(
                f"{shown(url)} names no database", hint="Write sqlite:///runs.db, or sqlite:////full/path/runs.db."
            )
        from strands.journal.sqlite import SqliteDatabase

        return SqliteDatabase.at(unquote(parts.path[1:]))
    if parts.scheme in ("postgresql", "postgres"):
        from strands.journal.postgres import PostgresDatabase

        return PostgresDatabase.at(parts, options)
    raise StorageError(f"{shown(url)} names no store: {parts.scheme!r} is not a kind of database here", hint=_KNOWN)


def shown(url: str) -> str:
    """Return a URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:***@{host}").geturl()
