"""Ids that are made often."""

from __future__ import annotations

import os
from uuid import UUID, SafeUUID

_UNKNOWN = SafeUUID.unknown
_SHAPE = ~(0xF << 76 | 0x3 << 62)
_RANDOM = 4 << 76 | 2 << 62
"""The bits that say that a UUID is random: version 4, of the variant of RFC 4122."""


def new_uuid() -> UUID:
    """Return what `uuid.uuid4` returns; that spends twice as long on looking at what it gives itself."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", int.from_bytes(os.urandom(16), "big") & _SHAPE | _RANDOM)
    object.__setattr__(made, "is_safe", _UNKNOWN)
    return made
