"""Where code written against the Strands Agents SDK finds module tools."""

from .module import PythonAgentTool

__all__ = ["PythonAgentTool"]
