"""Where the Strands Agents SDK has it."""

from .registry import MultiAgentPluginRegistry

__all__ = ["MultiAgentPluginRegistry"]

_MultiAgentPluginRegistry = MultiAgentPluginRegistry
