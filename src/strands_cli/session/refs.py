"""References to questions: one text for a session and a question in it, fit for a URL, and read back without a list."""

from __future__ import annotations

import base64
import binascii

_PREFIX = "q_"


def ref_of(session_id: str, key: str) -> str:
    """Return the reference of a question.

    Args:
        session_id: The session.
        key: The question's id in it.
    """
    told = base64.urlsafe_b64encode(f"{session_id}\0{key}".encode("utf-8", "surrogatepass"))
    return _PREFIX + told.decode("ascii").rstrip("=")


def session_and_key(ref: str) -> tuple[str, str]:
    """Return the session and the question's id that a reference stands for.

    Raises:
        ValueError: It is not a reference.
    """
    told = ref[len(_PREFIX) :]
    if not ref.startswith(_PREFIX):
        raise ValueError(f"{ref!r} is not a reference to a question")
    try:
        content = base64.b64decode(told + "=" * (-len(told) % 4), altchars=b"-_", validate=True)
        session_id, nul, key = content.decode("utf-8", "surrogatepass").partition("\0")
    except (binascii.Error, ValueError):
        raise ValueError(f"{ref!r} is not a reference to a question") from None
    if not nul or not session_id or ref != ref_of(session_id, key):
        raise ValueError(f"{ref!r} is not a reference to a question")
    return session_id, key
