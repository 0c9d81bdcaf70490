"""The next model when one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .router import RoutingCandidate
    from .strategy import RoutingContext


class FallbackStrategy:
    """Chooses the candidate that has failed least since it last answered, the earlier one of two alike.

    One that was tried since the last answer is not tried again; when all were, there is none.
    """

    async def select(self, context: RoutingContext, **kwargs: Any) -> RoutingCandidate | None:
        """Return that candidate, or None."""
        tried: set[int] = set()
        failures: dict[int, int] = {}
        for attempt in context.attempts:
            if attempt.exception is None:
                tried, failures[id(attempt.candidate)] = set(), 0
            else:
                tried.add(id(attempt.candidate))
                failures[id(attempt.candidate)] = failures.get(id(attempt.candidate), 0) + 1
        left = [candidate for candidate in context.candidates if id(candidate) not in tried]
        return min(left, key=lambda candidate: failures.get(id(candidate), 0), default=None)
