"""What may be asked of the executor of a node: an agent, or what stands in for one in the tests of programs."""

from __future__ import annotations

from typing import Any

from strands._core.turn import Turn


def agent_turn(executor: Any) -> Turn | None:
    """Return where an agent is; None for an executor that is not an agent of this package."""
    turn = getattr(executor, "turn", None)
    return turn if isinstance(turn, Turn) else None


def has_session(executor: Any) -> bool:
    """Return whether an executor has a session manager of its own."""
    return getattr(executor, "_session_manager", None) is not None
