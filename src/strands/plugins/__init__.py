"""Plugins: hooks and tools that belong together, added to an agent, a graph or a swarm as one thing."""

from .decorator import hook
from .multiagent_plugin import MultiAgentPlugin
from .plugin import Plugin

__all__ = ["MultiAgentPlugin", "Plugin", "hook"]
