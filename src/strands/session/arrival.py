"""A lease that is taken in a worker thread for a caller who may stop waiting for it."""

from __future__ import annotations

import threading


class Arrival:
    """The lease that one caller waits for: it comes when the caller is there, or when nobody waits any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came = self._unwanted = False

    def is_unwanted(self) -> bool:
        """Note that it came; return whether nobody waits for it."""
        with self._lock:
            self._came = True
            return self._unwanted

    def is_late(self) -> bool:
        """Note that nobody waits for it; return whether it came before."""
        with self._lock:
            self._unwanted = True
            return self._came
