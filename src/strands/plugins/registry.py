"""Which plugins an agent, a graph or a swarm has."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .decorator import MARK

if TYPE_CHECKING:
    from strands.hooks.registry import HookRegistry
    from strands.multiagent.base import MultiAgentBase
    from strands.types.agent import LocalAgent

    from .multiagent_plugin import MultiAgentPlugin
    from .plugin import Plugin


class PluginRegistry:
    """The plugins of one agent.

    Args:
        agent: The agent.
    """

    def __init__(self, agent: LocalAgent) -> None:
        self._agent: Any = agent  # plugins that programs write may ask for more than every agent has
        self._plugins: dict[str, Plugin] = {}

    def add_and_init(self, plugin: Plugin) -> None:
        """Give the agent a plugin's hooks and tools, and let it do what else it does.

        Raises:
            ValueError: The agent has a plugin of that name, or a tool of one of its tools' names.
        """
        _note(self._plugins, plugin, "agent")
        _register(plugin, self._agent.hooks)
        self._agent.tool_registry.process_tools(plugin.tools)
        _finish(plugin.init_agent(self._agent))


class MultiAgentPluginRegistry:
    """The plugins of one graph or swarm.

    Args:
        orchestrator: The graph or swarm.
    """

    def __init__(self, orchestrator: MultiAgentBase) -> None:
        self._orchestrator = orchestrator
        self._plugins: dict[str, MultiAgentPlugin] = {}

    def add_and_init(self, plugin: MultiAgentPlugin) -> None:
        """Give the graph or swarm a plugin's hooks, and let it do what else it does.

        Raises:
            ValueError: There is a plugin of that name.
        """
        _note(self._plugins, plugin, "graph or swarm")
        _register(plugin, self._orchestrator.hooks)
        _finish(plugin.init_multi_agent(self._orchestrator))


def _note(plugins: dict[str, Any], plugin: Any, owner: str) -> None:
    if plugin.name in plugins:
        raise ValueError(f"the {owner} has a plugin named {plugin.name!r} already; each needs its own name")
    plugins[plugin.name] = plugin


def _register(plugin: Any, hooks: HookRegistry) -> None:
    for callback in plugin.hooks:
        hooks.add_callback(getattr(callback, MARK, None), callback)


def _finish(returned: Any) -> None:
    """Wait for what an initialisation returned, if it can be waited for; anything else means nothing."""
    if not inspect.isawaitable(returned):
        return
    from strands._sync import run

    async def wait() -> None:
        await returned

    run(wait())


_PluginRegistry = PluginRegistry
