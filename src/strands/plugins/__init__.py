"""Plugins: hooks and tools that belong together, added to an agent as one thing."""

from .plugin import Plugin, hook

__all__ = ["Plugin", "hook"]
