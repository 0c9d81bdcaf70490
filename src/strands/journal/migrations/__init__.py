"""The tables of a store, as numbered files of SQL, and which of them a database has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from strands.journal.database import Transaction
from strands.journal.errors import StorageError


@cache
def steps() -> list[str]:
    """Return the files, the first first: a database of version n has had the first n of them."""
    found = [each for each in files(__package__).iterdir() if each.name.endswith(".sql")]
    return [each.read_text(encoding="utf-8") for each in sorted(found, key=lambda each: each.name)]


def check_version(version: int, name: str, tables: Sequence[str] | None = None) -> None:
    """Check that a database has the tables of this build, or of those steps.

    Raises:
        StorageError: It has not: it is named what to do.
    """
    check_not_newer(version, name, tables)
    newest = len(steps() if tables is None else tables)
    if version < newest:
        has = f"has tables of version {version}, and this build needs {newest}" if version else "has no tables yet"
        raise StorageError(f"{name} {has}", hint="Make them: strands store migrate.")


def check_not_newer(version: int, name: str, tables: Sequence[str] | None = None) -> None:
    """Check that a database has no tables of a newer build.

    Raises:
        StorageError: It has.
    """
    newest = len(steps() if tables is None else tables)
    if version > newest:
        raise StorageError(
            f"{name} has tables of version {version}; this build knows them up to {newest}",
            hint="Upgrade strands-cli; nothing was touched.",
        )


def migrate(
    transaction: Transaction,
    version: int,
    words: Mapping[str, str],
    name: str,
    tables: Sequence[str] | None = None,
) -> None:
    """Bring the tables from `version` to this build's.

    Args:
        transaction: All of it, or nothing, comes to pass with this.
        version: What they are now; 0 for none.
        words: The words in capitals, as this database has them.
        name: What the database is called in messages.
        tables: The steps; default: those of this build.

    Raises:
        StorageError: They are of a newer build.
    """
    check_not_newer(version, name, tables)
    tables = steps() if tables is None else tables
    for step in tables[version:]:
        for word, meant in words.items():
            step = re.sub(rf"\b{word}\b(?:\((\d+)\))?", meant, step)
        plain = re.sub(r"--.*", "", step)
        for statement in plain.split(";"):
            if statement.strip():
                transaction.execute(statement)
    if not version:
        transaction.execute("insert into strands_schema (version) values (?)", len(tables))
    else:
        transaction.execute("update strands_schema set version = ?", len(tables))
