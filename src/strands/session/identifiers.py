"""Ids that become part of a file name or an object key."""

from __future__ import annotations

LONGEST = 200


def checked(kind: str, value: object) -> str:
    """Return `value` if it can be part of a file name on every system.

    Args:
        kind: What it identifies, for the message.
        value: The id.

    Raises:
        ValueError: It is not a text of 1 to 200 bytes without path separators and control characters.
    """
    if not isinstance(value, str) or not value:
        raise ValueError(f"{kind} {value!r} must be a non-empty text")
    if any(character in "/\\" or not character.isprintable() for character in value) or value in (".", ".."):
        raise ValueError(f"{kind} {value!r} must not contain path separators or control characters")
    if len(value.encode()) > LONGEST:
        raise ValueError(
            f"{kind} {value[:40]!r}... is {len(value.encode())} bytes long; at most {LONGEST} are possible"
        )
    return value


def is_checked(value: str) -> bool:
    """Whether `checked` takes a value."""
    try:
        checked("", value)
    except ValueError:
        return False
    return True
