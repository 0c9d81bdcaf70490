"""What a session may be called."""

from __future__ import annotations

import re

from strands.journal.errors import StorageError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def is_id(text: str) -> bool:
    """Whether a session can have this id, in every store."""
    return bool(_ID.fullmatch(text))


def check_id(session_id: str) -> None:
    """Check the id of a session that is to be.

    Raises:
        StorageError: It cannot be one.
    """
    if not is_id(session_id):
        raise StorageError(
            f"{session_id[:80]!r} cannot be a session id",
            hint="Use up to 128 letters, digits, dots, dashes and underscores, a letter or digit first.",
        )
