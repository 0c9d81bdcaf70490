"""Plugins: hooks and tools that belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from strands.hooks.registry import HookCallback, infer_event_types
from strands.types.tools import AgentTool

if TYPE_CHECKING:
    from strands.agent.agent import Agent

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "_strands_hook_events"


def hook(func: F) -> F:
    """Mark a plugin's method as a hook; the annotation of its parameter says of which event.

    Raises:
        ValueError: The parameter is not annotated with an event.
    """
    setattr(func, _MARK, infer_event_types(func))
    return func


class Plugin(ABC):
    """Hooks and tools that belong together: methods marked with `@hook` and `@tool`."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Tells it from other plugins of an agent."""

    @property
    def hooks(self) -> list[HookCallback]:
        """Its methods marked with `@hook`."""
        return [value for value in self._members() if hasattr(value, _MARK)]

    @property
    def tools(self) -> list[AgentTool]:
        """Its methods marked with `@tool`."""
        return [value for value in self._members() if isinstance(value, AgentTool)]

    def init_agent(self, agent: Agent) -> Awaitable[None] | None:
        """Do more to an agent that gets the plugin."""
        return None

    def _members(self) -> list[Any]:
        names: dict[str, None] = {}
        for each in reversed(type(self).__mro__):
            names.update(dict.fromkeys(vars(each)))
        skip = {"hooks", "tools", "name"}
        return [getattr(self, name) for name in names if name not in skip and not name.startswith("__")]


def attach(plugin: Plugin, agent: Agent) -> None:
    """Give an agent a plugin's hooks and tools."""
    for callback in plugin.hooks:
        agent.hooks.add_callback(getattr(callback, _MARK), callback)
    agent.tool_registry.process_tools(plugin.tools)
    waiting = plugin.init_agent(agent)
    if waiting is not None:
        from strands._sync import run

        async def wait() -> None:
            await waiting

        run(wait())
