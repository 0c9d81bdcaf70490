"""How long something may take, in seconds of a thread's own time."""

from __future__ import annotations


def soon() -> float:
    """Return what ends in time where something stops it, and not for minutes or hours where nothing does.

    Each takes less than half a second alone. A machine that does other things as well, or looks at each line, is
    slower.
    """
    return 10.0
