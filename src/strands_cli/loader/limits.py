"""What one rendering may cost: time, loop turns, and the size of what it builds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from strands_cli.errors import TemplateError

MAX_SECONDS = 0.4
MAX_TURNS = 100_000
MAX_WORK = 100_000_000
MAX_TEXT = 10_000_000
MAX_REPEAT = 1_000_000
MAX_BITS = 8_192

_HINT = "Do less in the template; prepare the data in an agent or a tool."


class Spent:
    """What a rendering has used so far; time is that of its own thread, so that a busy machine does not matter."""

    __slots__ = ("deadline", "turns", "work")

    def __init__(self) -> None:
        self.turns = 0
        self.work = 0
        self.deadline = time.thread_time() + MAX_SECONDS


_current = threading.local()


@contextmanager
def limited() -> Iterator[None]:
    """Count what is spent inside against one allowance."""
    _current.spent = Spent()
    try:
        yield
    finally:
        _current.spent = None


def exceeded(what: str) -> TemplateError:
    """Return the error for a limit that is reached."""
    return TemplateError(f"the template's limit is reached: {what}", hint=_HINT)


def turn() -> None:
    """Count one turn of a loop, or one call."""
    spent: Spent | None = getattr(_current, "spent", None)
    if spent is None:
        return
    spent.turns += 1
    if spent.turns > MAX_TURNS:
        raise exceeded(f"more than {MAX_TURNS:,} turns of its loops")
    if time.thread_time() > spent.deadline:
        raise exceeded(f"more than {MAX_SECONDS} seconds")


def work(size: int) -> None:
    """Count the building of a value of this size, before it is built."""
    if size > MAX_TEXT:
        raise exceeded(f"a text or list of more than {MAX_TEXT:,}")
    spent: Spent | None = getattr(_current, "spent", None)
    if spent is None:
        return
    spent.work += size
    if spent.work > MAX_WORK:
        raise exceeded(f"more than {MAX_WORK:,} characters built")


def at_most(value: object, most: int, what: str) -> None:
    """Refuse a number that would make a text or list grow beyond use."""
    if isinstance(value, int) and abs(value) > most:
        raise exceeded(f"{what} of {str(value)[:20] if abs(value) < 10**20 else 'a huge number'} (at most {most:,})")


class Counted:
    """Something to loop over, each turn of which counts."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[object]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[object]:
        for item in self.items:
            turn()
            yield item

    def __len__(self) -> int:
        return len(self.items)  # type: ignore[arg-type]  # a TypeError is what Jinja expects of what has no length


def joined(parts: Iterable[str]) -> str:
    """Join texts; stop as soon as they are too long."""
    kept: list[str] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > MAX_TEXT:
            raise exceeded(f"a text of more than {MAX_TEXT:,} characters")
        kept.append(part)
    work(size)
    return "".join(kept)
