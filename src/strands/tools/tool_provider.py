"""Where the Strands Agents SDK has it."""

from strands.tools.provider import ToolProvider

__all__ = ["ToolProvider"]
