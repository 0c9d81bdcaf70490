"""The keys that heads are signed with; they are kept outside of the store."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from strands._home import home, make_private
from strands.journal import files
from strands.journal.errors import StorageError
from strands.journal.faults import storage_errors

VARIABLE = "STRANDS_AUDIT_KEY"
"""The environment variable with the key, or several, separated by spaces, where it was changed: the last one signs."""

_SHORTEST = 16


class Key(NamedTuple):
    """A key, and the name that it has in what it signs, which tells nothing of it."""

    name: str
    secret: bytes


def key_path() -> Path:
    """Return the file that has the key where STRANDS_AUDIT_KEY is not set."""
    return home() / "audit" / "key"


def signing_key() -> Key:
    """Return the key that signs; a file with one is made where there is none.

    Raises:
        StorageError: It cannot be made or read, or is too short.
    """
    return (_given() or _filed() or _made())[-1]


def known_keys() -> list[Key]:
    """Return the keys that are known here; none where nothing was signed here, and STRANDS_AUDIT_KEY is not set.

    Raises:
        StorageError: They cannot be read, or one is too short.
    """
    return _given() or _filed()


def _given() -> list[Key]:
    text = os.environ.get(VARIABLE, "")
    return _keys(text, VARIABLE) if text.strip() else []


def _filed() -> list[Key]:
    path = key_path()
    with storage_errors(path):
        try:
            file = files.open_private(path, os.O_RDONLY)
        except FileNotFoundError:
            return []
        with open(file, encoding="utf-8") as stream:
            return _keys(stream.read(), os.fspath(path))


def _made() -> list[Key]:
    path = key_path()
    with storage_errors(path):
        make_private(path.parent)
        file, temporary = files.open_temporary(path, os.O_WRONLY)
        try:
            files.write_all(file, f"{secrets.token_hex(32)}\n".encode("ascii"))
            files.sync(file, temporary)
            with contextlib.suppress(FileExistsError):  # somebody else has made one meanwhile
                os.link(temporary, path)
        finally:
            os.close(file)
            os.unlink(temporary)
        files.sync_directory(path.parent)
    return _filed()


def _keys(text: str, where: str) -> list[Key]:
    words = text.split()
    if any(len(word) < _SHORTEST for word in words):
        raise StorageError(
            f"{where} has a key of fewer than {_SHORTEST} characters",
            hint="Make one: openssl rand -hex 32. Heads that were signed with another need that one before it.",
        )
    secrets_ = [word.encode("utf-8", "surrogateescape") for word in words]
    return [Key(hashlib.sha256(b"name of " + secret).hexdigest()[:8], secret) for secret in secrets_]
