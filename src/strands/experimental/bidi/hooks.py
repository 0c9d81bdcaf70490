"""The event that code for both kinds of agents listens to."""

from __future__ import annotations

from dataclasses import dataclass

from strands.hooks.registry import HookEvent


@dataclass
class BidiAgentStopEvent(HookEvent):
    """An agent that listens and talks at once stopped; never raised here."""


__all__ = ["BidiAgentStopEvent"]
