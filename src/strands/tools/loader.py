"""Where code written against the Strands Agents SDK finds what loads tools from files and modules."""

from __future__ import annotations

from types import ModuleType

from strands.types.tools import AgentTool

from .module import tools_of_module, tools_of_path, tools_of_string


def load_tools_from_module(module: ModuleType, module_name: str) -> list[AgentTool]:
    """Return the tools of a module."""
    return tools_of_module(module)


def load_tools_from_module_path(module_tool_path: str) -> list[AgentTool]:
    """Return the tools of an importable module, or the one named after a colon."""
    return tools_of_string(module_tool_path)


load_tools_from_file_path = tools_of_path
load_tool_from_string = tools_of_string

__all__ = [
    "load_tool_from_string",
    "load_tools_from_file_path",
    "load_tools_from_module",
    "load_tools_from_module_path",
]
