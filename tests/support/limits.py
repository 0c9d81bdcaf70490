"""How long something may take, in seconds of a thread's own time."""

from __future__ import annotations

import sys


def a_second() -> float:
    """Return what is to take less than a second; who measures coverage looks at each line, which takes longer."""
    return 5.0 if sys.gettrace() else 1.0
