"""An event that costs nothing until somebody waits for it."""

from __future__ import annotations

import threading
from typing import Any

_making = threading.Lock()


class LazyEvent(threading.Event):
    """A `threading.Event` whose condition is made when it is first set, cleared or waited for; most never are.

    Attributes:
        linked: Another event: once that is set, `is_set` says so here, too. Who waits is not woken by it.
    """

    linked: threading.Event | None = None

    def __init__(self) -> None:
        self._flag: bool = False

    def is_set(self) -> bool:
        return self._flag or (self.linked is not None and self.linked.is_set())

    def __getattr__(self, name: str) -> Any:
        if name != "_cond":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with _making:  # of several threads that are the first, all get the same
            return self.__dict__.setdefault("_cond", threading.Condition(threading.Lock()))
