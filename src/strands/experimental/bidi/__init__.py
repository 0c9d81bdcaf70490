"""Agents that listen and talk at once: there are none here, but session managers for both kinds ask for the name."""

from __future__ import annotations

from typing import Any


class BidiAgent:
    """No agent is one: it is there to be asked for with `isinstance`.

    Raises:
        NotImplementedError: Always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("agents that listen and talk at once are not part of this library; use strands.Agent")


__all__ = ["BidiAgent"]
