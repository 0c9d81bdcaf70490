"""Plugins of an agent: hooks and tools that belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from strands.hooks.registry import HookCallback
from strands.types.tools import AgentTool

from .decorator import MARK

if TYPE_CHECKING:
    from strands.agent.agent import Agent


class Plugin(ABC):
    """Hooks and tools that belong together: methods marked with `@hook` and `@tool`."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Tells it from other plugins of an agent."""

    @property
    def hooks(self) -> list[HookCallback]:
        """Its methods marked with `@hook`."""
        return marked(self)

    @property
    def tools(self) -> list[AgentTool]:
        """Its methods marked with `@tool`."""
        return [value for value in members(self) if isinstance(value, AgentTool)]

    def init_agent(self, agent: Agent) -> Awaitable[None] | None:
        """Do more to an agent that gets the plugin."""
        return None


def marked(plugin: Any) -> list[HookCallback]:
    """Return a plugin's methods that are marked with `@hook`, as it defines them."""
    return [value for value in members(plugin) if hasattr(value, MARK)]


def members(plugin: Any) -> list[Any]:
    """Return the values of what a plugin's classes define; a property of the plugin's own interface is not read."""
    names: dict[str, None] = {}
    for each in reversed(type(plugin).__mro__):
        names.update(dict.fromkeys(vars(each)))
    skip = {"hooks", "tools", "name"}
    return [getattr(plugin, name) for name in names if name not in skip and not name.startswith("__")]
