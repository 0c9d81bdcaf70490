"""Ids that are made often: what a process's begin with is random, and the last part counts on."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from uuid import UUID, SafeUUID

_UNKNOWN = SafeUUID.unknown
_SHAPE = ~(0xF << 76 | 0x3 << 62)
_RANDOM = 4 << 76 | 2 << 62
"""The bits that say that a UUID is random: version 4, of the variant of RFC 4122."""
_ROOM = ~(1 << 61)
"""Without this bit a number can count on for ever before it reaches those bits."""
_FIRST = 1 << 44  # from there on a number has the twelve digits that the last part of a UUID has

_numbers: Iterator[int]
_texts: Iterator[str]


def _begin() -> None:
    """Choose what the ids of this process begin with."""
    global _numbers, _texts
    _numbers = itertools.count(_random())
    number = _random()
    head = text_of(number)[:-12]
    _texts = map((head + "%x").__mod__, itertools.count(_FIRST + number % _FIRST))


def _random() -> int:
    return int.from_bytes(os.urandom(16), "big") & _SHAPE & _ROOM | _RANDOM


def new_uuid() -> UUID:
    """Return a UUID as `uuid.uuid4` does; that asks the system for each, and looks at what it gives itself."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", next(_numbers))
    object.__setattr__(made, "is_safe", _UNKNOWN)
    return made


def new_number() -> int:
    """Return the number of such a UUID; `text_of` tells its text."""
    return next(_numbers)


def text_of(number: int) -> str:
    """Return the text of the UUID with a number."""
    return str(UUID(int=number))


def new_id() -> str:
    """Return the text of such a UUID, another one each time."""
    return next(_texts)


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)
