"""Tools as modules: a `TOOL_SPEC` dictionary and a function of the same name that takes the tool use."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from strands._threads import in_thread
from strands.types.events import ToolResultEvent
from strands.types.tools import AgentTool, ToolGenerator, ToolResult, ToolSpec, ToolUse


class NoToolError(AttributeError, ValueError):
    """A module has no tool."""


class ToolFunctionError(AttributeError, TypeError):
    """The function that a module's `TOOL_SPEC` names is missing, or no function."""


class MissingModuleError(ImportError, ValueError):
    """What is to be loaded is neither a file nor an importable module."""


class PythonAgentTool(AgentTool):
    """A function that takes a tool use and returns a tool result.

    Args:
        tool_name: The name a model calls it by.
        tool_spec: What a model is told about it.
        tool_func: The function, sync or async: `f(tool_use, **invocation_state)`.
    """

    def __init__(self, tool_name: str, tool_spec: ToolSpec, tool_func: Callable[..., Any]) -> None:
        self._name = tool_name
        self._spec = tool_spec
        self._function = tool_func

    @property
    def tool_name(self) -> str:
        return self._name

    @property
    def tool_spec(self) -> ToolSpec:
        return self._spec

    @tool_spec.setter
    def tool_spec(self, spec: ToolSpec) -> None:
        from .schema import checked_spec

        self._spec = checked_spec(self._name, spec)

    @property
    def tool_type(self) -> str:
        return "python"

    @property
    def supports_hot_reload(self) -> bool:
        return True

    @property
    def origin(self) -> Any:
        from strands.hooks.origin import code_origin

        return code_origin(self._function)

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        known = {**_surroundings(invocation_state.get("agent")), **invocation_state}
        if inspect.iscoroutinefunction(self._function):
            result: ToolResult = await self._function(tool_use, **known)
        else:
            result = await in_thread(lambda: self._function(tool_use, **known))
        yield ToolResultEvent(result)


def _surroundings(agent: Any) -> dict[str, Any]:
    """Return what a module's tool is told of its agent by keyword."""
    if agent is None:
        return {}
    tools = [{"toolSpec": spec} for spec in agent.tool_registry.get_all_tool_specs()]
    return {
        "model": agent.model,
        "messages": agent.messages,
        "system_prompt": agent.system_prompt,
        "tool_config": {"tools": tools, "toolChoice": {"auto": {}}},
    }


def tools_of_module(module: ModuleType) -> list[AgentTool]:
    """Return the tools of a module: its `@tool` functions, else its `TOOL_SPEC` function.

    Raises:
        NoToolError: It has neither.
        ToolFunctionError: It has a specification and no function.
    """
    found = [value for value in vars(module).values() if isinstance(value, AgentTool)]
    if found:
        return found
    spec = getattr(module, "TOOL_SPEC", None)
    function = getattr(module, spec["name"], None) if isinstance(spec, dict) and "name" in spec else None
    if spec is None or not callable(function):
        kind = NoToolError if spec is None else ToolFunctionError
        raise kind(
            f"module {module.__name__!r} has no tool: it needs a function with @tool, or TOOL_SPEC and a function "
            "of the name given there"
        )
    return [PythonAgentTool(spec["name"], spec, function)]


def tools_of_path(path: str) -> list[AgentTool]:
    """Return the tools of a Python file, which may import the files beside it.

    Raises:
        FileNotFoundError: There is no such file.
        AttributeError: It has no tools.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"there is no tool file {path!r}")
    name = f"strands_tool_{file.stem}"
    location = importlib.util.spec_from_file_location(name, file)
    if location is None or location.loader is None:
        raise ImportError(f"{path!r} is not a Python file")
    module = importlib.util.module_from_spec(location)
    sys.modules[name] = module
    beside = str(file.resolve().parent)
    sys.path.insert(0, beside)
    try:
        location.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(beside)
    return tools_of_module(module)


def tools_of_string(text: str) -> list[AgentTool]:
    """Return the tools that a string names: a file, a module, or `module:function`.

    Raises:
        ValueError: It names nothing that can be loaded.
    """
    if text.endswith(".py") or "/" in text:
        return tools_of_path(text)
    module_name, _, function = text.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise MissingModuleError(f"the tool {text!r} is neither a file nor an importable module: {error}") from error
    tools = tools_of_module(module)
    if not function:
        return tools
    named = [each for each in tools if each.tool_name == function]
    if not named:
        raise ValueError(f"module {module_name!r} has no tool {function!r}; it has {[t.tool_name for t in tools]}")
    return named
