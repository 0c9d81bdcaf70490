"""The key that seals what clients hold between two calls; one for all servers of this user."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from strands._home import check_private, home, make_private
from strands_cli.errors import StorageError

_FILE = "mcp.key"
_BYTES = 32


def sealing_key() -> bytes:
    """Return the key, from `mcp.key` in STRANDS_HOME; it is made when there is none.

    Raises:
        StorageError: It cannot be read or written, is another user's, or is no key.
    """
    path = home() / _FILE
    try:
        make_private(path.parent)
        if not path.exists():
            _make(path)
        check_private(path)
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise StorageError(f"the key {str(path)!r} cannot be used: {error.strerror or error}") from error
    except ValueError:
        key = b""
    if len(key) < _BYTES:
        raise StorageError(
            f"{str(path)!r} holds no key",
            hint="Remove it: a new one is made. What clients hold of open calls is refused then.",
        )
    return key


def _make(path: Path) -> None:
    """Write a new key, unless another process has done so meanwhile."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)
