"""Plugins of an agent: hooks and tools that belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from strands.hooks.registry import HookCallback
from strands.types.tools import AgentTool

from .decorator import MARK

if TYPE_CHECKING:
    from strands.agent.agent import Agent


class Plugin(ABC):
    """Hooks and tools that belong together: methods marked with `@hook` and `@tool`.

    `hooks` and `tools` are lists of the plugin's own, found once: what it takes out of them is not registered.
    """

    def __init__(self) -> None:
        self._hooks: list[HookCallback] = marked(self)
        self._tools: list[AgentTool] = tools_of(self)

    @property
    @abstractmethod
    def name(self) -> str:
        """Tells it from other plugins of an agent."""

    @property
    def hooks(self) -> list[HookCallback]:
        """Its methods marked with `@hook`."""
        if "_hooks" not in self.__dict__:  # a plugin with an __init__ of its own need not call this one
            self._hooks = marked(self)
        return self._hooks

    @property
    def tools(self) -> list[AgentTool]:
        """Its methods marked with `@tool`."""
        if "_tools" not in self.__dict__:
            self._tools = tools_of(self)
        return self._tools

    def init_agent(self, agent: Agent) -> Awaitable[None] | None:
        """Do more to an agent that gets the plugin."""
        return None


def marked(plugin: Any) -> list[HookCallback]:
    """Return a plugin's methods that are marked with `@hook`, as it defines them."""
    return [value for value in members(plugin) if hasattr(value, MARK)]


def tools_of(plugin: Any) -> list[AgentTool]:
    """Return a plugin's methods that are marked with `@tool`, as it defines them."""
    return [value for value in members(plugin) if isinstance(value, AgentTool)]


def members(plugin: Any) -> list[Any]:
    """Return the values of what a plugin's classes define; no properties: they may need what is not there yet."""
    defined: dict[str, Any] = {}
    for each in reversed(type(plugin).__mro__):
        defined.update(vars(each))
    kept = {name for name, value in defined.items() if not isinstance(value, (property, cached_property))}
    return [getattr(plugin, name) for name in defined if name in kept and not name.startswith("__")]
