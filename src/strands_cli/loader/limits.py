"""What one rendering may cost: time, loop turns, and the size of what it builds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from strands_cli.errors import TemplateError

MAX_SECONDS = 0.4
MAX_TURNS = 100_000
MAX_WORK = 100_000_000
MAX_TEXT = 10_000_000
MAX_REPEAT = 1_000_000
MAX_BITS = 8_192

ITEM = 10
"""What an item of a list or object weighs beside its texts, in characters."""

T = TypeVar("T")
_HINT = "Do less in the template; prepare the data in an agent or a tool."


class Spent:
    """What a rendering has used so far; time is that of its own thread, so that a busy machine does not matter."""

    __slots__ = ("deadline", "turns", "weights", "work")

    def __init__(self) -> None:
        self.turns: int = 0
        self.work: int = 0
        self.deadline: float = time.thread_time() + MAX_SECONDS
        self.weights: dict[int, tuple[object, int]] = {}
        """Weights of lists and objects by identity; each is kept alive, so that its identity stays its own."""


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
    _tick(spent)


def _tick(spent: Spent) -> None:
    if time.thread_time() > spent.deadline:
        raise exceeded(f"more than {MAX_SECONDS} seconds")


def tick() -> None:
    """Look at the clock."""
    spent: Spent | None = getattr(_current, "spent", None)
    if spent is not None:
        _tick(spent)


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
    _tick(spent)


def built(value: T) -> T:
    """Refuse a list or object that would be too large if everything in it were written out, however often it is shared.

    So whatever is done with a value later (printing, comparing, sorting) costs no more than its weight.
    """
    spent: Spent | None = getattr(_current, "spent", None)
    if spent is not None and isinstance(value, _CONTAINERS):
        if _weight(value, spent) > MAX_TEXT:
            raise exceeded(f"a text or list of more than {MAX_TEXT:,}")
        _tick(spent)
    return value


def shown(value: T) -> T:
    """Let a value be printed, if it is small enough for that."""
    tick()
    return built(value)


def _weight(value: Any, spent: Spent) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if not isinstance(value, _CONTAINERS):
        return 0
    known = spent.weights.get(id(value))
    if known is not None:
        return known[1]
    count = len(value)
    work(count * ITEM)
    weight = count * ITEM
    for part in _parts(value):
        if not isinstance(part, _LIGHT):
            weight += _weight(part, spent)
            if weight > MAX_TEXT:
                break
    spent.weights[id(value)] = value, weight
    return weight


def _parts(value: Any) -> Iterable[Any]:
    return (part for item in value.items() for part in item) if isinstance(value, Mapping) else value


_CONTAINERS = (list, tuple, Mapping, set, frozenset)
_LIGHT = (int, float, type(None))


def at_most(value: object, most: int, what: str) -> None:
    """Refuse a number that would make a text or list grow beyond use."""
    if isinstance(value, int) and abs(value) > most:
        raise exceeded(f"{what} of {str(value)[:20] if abs(value) < 10**20 else 'a huge number'} (at most {most:,})")


class Counted:
    """Something to loop over, each turn of which counts."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[object]) -> None:
        self.items: Iterable[object] = items

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
