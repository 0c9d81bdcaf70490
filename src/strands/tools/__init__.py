"""Tools: what a model can call."""

from .decorator import DecoratedFunctionTool, tool
from .module import PythonAgentTool
from .provider import ToolProvider
from .structured_output import convert_pydantic_to_tool_spec
from .tools import InvalidToolUseNameException, normalize_schema, normalize_tool_spec

__all__ = [
    "DecoratedFunctionTool",
    "InvalidToolUseNameException",
    "PythonAgentTool",
    "ToolProvider",
    "convert_pydantic_to_tool_spec",
    "normalize_schema",
    "normalize_tool_spec",
    "tool",
]
