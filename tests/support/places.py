"""Stores of each kind, of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postgres import close_all, fresh_url, needs_postgres

DATABASES = ["sqlite", pytest.param("postgres", marks=needs_postgres)]
KEPT = ["files", *DATABASES]


def new_place(kind: str, directory: Path, **options: str) -> Iterator[str]:
    """Yield the address of a new store; that of one in memory is "".

    Args:
        kind: files, sqlite, postgres or memory.
        directory: Where files and SQLite keep it.
        options: Those of the URL of PostgreSQL.
    """
    if kind == "postgres":
        yield fresh_url(**options)
        close_all()
        return
    yield {"files": str(directory / "store"), "sqlite": f"sqlite:///{directory}/runs.db", "memory": ""}[kind]
