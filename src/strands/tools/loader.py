"""Where code written against the Strands Agents SDK finds what loads tools from files and modules."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from strands._elsewhere import names_of
from strands.types.tools import AgentTool

from .module import tools_of_module, tools_of_path, tools_of_string


def load_tools_from_module(module: ModuleType, module_name: str) -> list[AgentTool]:
    """Return the tools of a module."""
    return tools_of_module(module)


def load_tools_from_module_path(module_tool_path: str) -> list[AgentTool]:
    """Return the tools of an importable module, or the one named after a colon."""
    return tools_of_string(module_tool_path)


def load_tools_from_file_path(tool_path: str) -> list[AgentTool]:
    """Return the tools of a Python file."""
    return tools_of_path(tool_path)


def load_tool_from_string(tool_string: str) -> list[AgentTool]:
    """Return the tools that a string names: a file, a module, or `module:function`."""
    return tools_of_string(tool_string)


class ToolLoader:
    """Loads the tools of Python files; `load_tools_from_file_path` does the same."""

    @staticmethod
    def load_python_tools(tool_path: str, tool_name: str) -> list[AgentTool]:
        """Return the tools of a Python file, or the one of an importable module that `module:function` names.

        Raises:
            ImportError: There is no such file or module.
            ValueError: There is no such tool in it.
            AttributeError: It has no tools.
        """
        if Path(tool_path).expanduser().is_file():
            return tools_of_path(tool_path)
        if ":" not in tool_path:
            raise ImportError(f"there is no tool file {tool_path!r}")
        return tools_of_string(tool_path)

    @staticmethod
    def load_python_tool(tool_path: str, tool_name: str) -> AgentTool:
        """Return the tool of that name that `load_python_tools` finds, or else the first."""
        return _one(ToolLoader.load_python_tools(tool_path, tool_name), tool_name)

    @classmethod
    def load_tools(cls, tool_path: str, tool_name: str) -> list[AgentTool]:
        """As `load_python_tools`.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is not a Python file.
        """
        file = Path(tool_path).expanduser()
        if file.suffix in ("", ".py") and not file.exists():
            raise FileNotFoundError(f"there is no tool file {tool_path!r}")
        if file.suffix != ".py":
            raise ValueError(f"tool file {tool_path!r} is not a Python file; give one whose name ends in .py")
        return cls.load_python_tools(tool_path, tool_name)

    @classmethod
    def load_tool(cls, tool_path: str, tool_name: str) -> AgentTool:
        """Return the tool of that name that `load_tools` finds, or else the first."""
        return _one(cls.load_tools(tool_path, tool_name), tool_name)


def _one(tools: list[AgentTool], name: str) -> AgentTool:
    return next((tool for tool in tools if tool.tool_name == name), tools[0])


__all__ = [
    "ToolLoader",
    "load_tool_from_string",
    "load_tools_from_file_path",
    "load_tools_from_module",
    "load_tools_from_module_path",
]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
