"""Tools: what a model can call."""

from .decorator import DecoratedFunctionTool, tool
from .module import PythonAgentTool
from .provider import ToolProvider

__all__ = ["DecoratedFunctionTool", "PythonAgentTool", "ToolProvider", "tool"]
