"""Plugins of a graph or swarm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from strands.hooks.registry import HookCallback

from .plugin import marked

if TYPE_CHECKING:
    from strands.multiagent.base import MultiAgentBase


class MultiAgentPlugin(ABC):
    """Hooks of a graph or swarm that belong together: methods marked with `@hook`.

    A class may be a `Plugin` too; what it marks is then registered with agents and with graphs and swarms, and each
    raises the events it has.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Tells it from other plugins of a graph or swarm."""

    @property
    def hooks(self) -> list[HookCallback]:
        """Its methods marked with `@hook`."""
        return marked(self)

    def init_multi_agent(self, orchestrator: MultiAgentBase) -> Awaitable[None] | None:
        """Do more to a graph or swarm that gets the plugin."""
        return None
