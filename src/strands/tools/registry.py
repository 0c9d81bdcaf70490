"""The tools of one agent, by name."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types.json_value import is_too_deep
from strands.types.tools import AgentTool, ToolSpec

from .provider import ToolProvider, providers_in

logger: logging.Logger = logging.getLogger(__name__)
_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")


class ToolRegistry:
    """The tools of one agent.

    Attributes:
        registry: Tool name to tool.
        dynamic_tools: Those that were added while the agent ran.
    """

    def __init__(self) -> None:
        self.registry: dict[str, AgentTool] = {}
        self.dynamic_tools: dict[str, AgentTool] = {}
        self.tool_config: dict[str, Any] | None = None
        self._specs: list[ToolSpec] | None = None
        self._shape: tuple[Any, ...] = ()
        self._providers: list[ToolProvider] | None = None
        self._provided: dict[int, tuple[int, set[str]]] = {}  # provider's id to its version and the names it gave

    def process_tools(self, tools: Iterable[Any]) -> list[str]:
        """Add tools however they are given: `@tool` functions, `AgentTool`s, modules, paths, providers, lists of those.

        Anything else is left out, with a warning in the log.

        Returns:
            The names of what was added.

        Raises:
            ValueError: A path or module cannot be loaded, or a name is not valid or taken.
        """
        names: list[str] = []
        items = list(tools)
        provided = self._provided_by(providers_in(items))
        for item in items:
            for each in self._load(item, provided):
                self.register_tool(each)
                names.append(each.tool_name)
        return names

    def register_tool(self, tool: AgentTool) -> None:
        """Add a tool.

        Raises:
            ValueError: Its name is not valid or taken by another tool.
        """
        name = tool.tool_name
        if not _NAME.match(name):
            raise ValueError(f"tool name {name!r} must be 1 to 64 letters, digits, '_' or '-'")
        for taken in self.registry:
            if taken != name and taken.replace("-", "_") == name.replace("-", "_"):
                raise ValueError(f"tool name {name!r} differs from {taken!r} only in '-' and '_'; rename one of them")
        known = self.registry.get(name)
        if known is not None and known is not tool and not (known.supports_hot_reload or tool.is_dynamic):
            raise ValueError(f"there is a tool {name!r} already; rename one, or use tool_registry.replace")
        self.registry[name] = tool
        if tool.is_dynamic:
            self.dynamic_tools[name] = tool
        self._specs = None

    def register_dynamic_tool(self, tool: AgentTool) -> None:
        """Add a tool while the agent runs."""
        tool.mark_dynamic()
        self.register_tool(tool)

    def replace(self, new_tool: AgentTool) -> None:
        """Put a tool in the place of the one of the same name.

        Raises:
            ValueError: There is none.
        """
        if new_tool.tool_name not in self.registry:
            raise ValueError(f"there is no tool {new_tool.tool_name!r} to replace; there are {list(self.registry)}")
        self.registry[new_tool.tool_name] = new_tool
        self.dynamic_tools.pop(new_tool.tool_name, None)
        if new_tool.is_dynamic:
            self.dynamic_tools[new_tool.tool_name] = new_tool
        self._specs = None

    def get_all_tool_specs(self) -> list[ToolSpec]:
        """Return what a model is told about the tools; the same list until a tool is added, removed or replaced."""
        if self._providers:
            self._take_changes(self._providers)
        if not self.registry:
            return []
        shape = tuple(map(id, self.registry.values()))
        if self._specs is None or shape != self._shape:
            self._specs = [tool.tool_spec for tool in self.registry.values()]
            self._shape = shape
        return self._specs

    def get_all_tools_config(self) -> dict[str, Any]:
        """Return tool name to tool spec; a tool whose schema is nested too deeply for a model is left out and told."""
        config = {}
        for spec in self.get_all_tool_specs():
            if is_too_deep(spec["inputSchema"], json.dumps(spec["inputSchema"], default=str)):
                logger.warning("tool %r is left out: its schema is nested too deeply", spec["name"])
            else:
                config[spec["name"]] = spec
        return config

    def initialize_tools(self, load_tools_from_directory: bool = False) -> None:
        """Add the tools of the directories that hold tools, if that is wanted."""
        if load_tools_from_directory:
            for directory in self.get_tools_dirs():
                self.load_directory(str(directory))

    def get_tools_dirs(self) -> list[Path]:
        """Return the directories that hold tools: `tools` in the current one, if it is there."""
        directory = Path.cwd() / "tools"
        return [directory] if directory.is_dir() else []

    def discover_tool_modules(self) -> dict[str, Path]:
        """Return name to file of the Python files in the directories that hold tools."""
        files = [file for directory in self.get_tools_dirs() for file in sorted(directory.glob("*.py"))]
        return {file.stem: file for file in files if not file.name.startswith("_")}

    def reload_tool(self, tool_name: str) -> None:
        """Load the file of that name in a directory that holds tools again; its tools replace those of their names.

        Raises:
            FileNotFoundError: There is no such file.
            AttributeError: It has no tools.
        """
        from .module import tools_of_path

        path = self.discover_tool_modules().get(tool_name)
        if path is None:
            places = [str(directory) for directory in self.get_tools_dirs()]
            raise FileNotFoundError(f"there is no file {tool_name}.py in the directories that hold tools: {places}")
        for tool in tools_of_path(str(path)):
            self.registry[tool.tool_name] = tool
        self._specs = None

    def validate_tool_spec(self, tool_spec: ToolSpec) -> None:
        """Check what a model is told about a tool, and complete its schema in place.

        Raises:
            ValueError: The name, the description or the schema is missing, or the schema is not an object's.
        """
        from .tools import normalize_schema

        missing = [field for field in ("name", "description", "inputSchema") if field not in tool_spec]
        if missing:
            raise ValueError(f"tool spec {tool_spec.get('name')!r} lacks {missing}")
        given: Any = tool_spec["inputSchema"]
        schema = given if "json" in given else {"json": given}
        if schema["json"].get("type", "object") != "object":
            raise ValueError(f"the schema of tool {tool_spec['name']!r} must be an object's, with 'type': 'object'")
        tool_spec["inputSchema"] = {"json": normalize_schema(schema["json"])}

    def load_directory(self, directory: str) -> list[str]:
        """Add the tools of all Python files of a directory; a file without tools is one that the others import."""
        from .module import NoToolError, tools_of_path

        found: list[AgentTool] = []
        for file in sorted(Path(directory).glob("*.py")):
            if file.name.startswith("_"):
                continue
            try:
                found += tools_of_path(str(file))
            except NoToolError:
                logger.debug("%s has no tools", file)
            except (OSError, AttributeError, ImportError) as error:
                raise ValueError(f"the tool {str(file)!r} cannot be loaded: {error}") from error
        return self.process_tools(found)

    def load_tool_from_filepath(self, tool_name: str, tool_path: str) -> None:
        """Add one tool of a Python file, or all when none has that name.

        Raises:
            ValueError: The file is missing or has no tools.
        """
        self.process_tools([{"name": tool_name, "path": tool_path}])

    def cleanup(self, **kwargs: Any) -> None:
        """Let go of all tool providers; what the first of them raises is raised once all are let go of."""
        _let_go(self._providers or [], id(self))

    def _load(self, item: Any, provided: Mapping[int, list[AgentTool]]) -> list[AgentTool]:
        if isinstance(item, AgentTool):
            return [item]
        if isinstance(item, ToolProvider):
            return provided[id(item)]
        if isinstance(item, (list, tuple, set)):
            return [tool for each in item for tool in self._load(each, provided)]
        if callable(getattr(type(item), "as_tool", None)):
            return [item.as_tool()]
        if isinstance(item, (str, Mapping, ModuleType)):
            try:
                return _from_source(item)
            except (OSError, AttributeError, ImportError) as error:
                name = item.get("name", item) if isinstance(item, Mapping) else item
                raise ValueError(f"the tool {name!r} cannot be loaded: {error}") from error
        logger.warning(
            "%r is not a tool and is left out: give a @tool function, an AgentTool, an agent, a module, a path or a "
            "provider",
            item,
        )
        return []

    def _provided_by(self, providers: list[ToolProvider]) -> dict[int, list[AgentTool]]:
        """Return each provider's id to its tools; the providers load side by side."""
        if not providers:
            return {}
        from strands._sync import run

        from .loading import loaded

        kept = self._providers
        if kept is None:
            kept = self._providers = []
        if not kept:  # nobody may be left to call cleanup()
            weakref.finalize(self, _let_go_soon, kept, id(self))
        for provider in providers:
            if provider not in kept:
                provider.add_consumer(id(self))
                kept.append(provider)
        versions = [provider.version for provider in providers]
        found = run(loaded(providers))
        for provider, version, tools in zip(providers, versions, found, strict=True):
            self._provided[id(provider)] = version, {tool.tool_name for tool in tools}
        return {id(provider): tools for provider, tools in zip(providers, found, strict=True)}

    def _take_changes(self, providers: list[ToolProvider]) -> None:
        """Take the tools of a provider whose tools have changed; a name that another source has stays that one's."""
        for provider in providers:
            version, names = self._provided.get(id(provider), (provider.version, set()))
            if version == provider.version:
                continue
            now = {tool.tool_name: tool for tool in provider.current_tools()}
            for name in names - now.keys():
                self.registry.pop(name, None)
            given = set()
            for name, tool in now.items():
                if name in names:
                    self.registry[name] = tool
                    given.add(name)
                    continue
                try:
                    self.register_tool(tool)
                    given.add(name)
                except ValueError as error:
                    logger.warning("a new tool is left out: %s", error)
            self._provided[id(provider)] = provider.version, given


def _from_source(item: str | Mapping[str, str] | ModuleType) -> list[AgentTool]:
    from .module import tools_of_module, tools_of_string

    if isinstance(item, ModuleType):
        return tools_of_module(item)
    if isinstance(item, str):
        return tools_of_string(item)
    if "path" not in item:
        raise ValueError(f"{dict(item)!r} is not a tool: a dict needs 'path', a Python file or a module")
    found = tools_of_string(item["path"])
    named = [tool for tool in found if tool.tool_name == item.get("name")]
    if "name" in item and not named and len(found) > 1:
        raise ValueError(f"{item['path']!r} has no tool {item['name']!r}; it has {[t.tool_name for t in found]}")
    return named or found


def _let_go(providers: list[ToolProvider], consumer: int) -> None:
    failed: Exception | None = None
    while providers:
        try:
            providers.pop(0).remove_consumer(consumer)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _let_go_soon(providers: list[ToolProvider], consumer: int) -> None:
    """Let go of providers in a thread: the garbage may be collected in any other one, with any lock held."""
    letting_go = threading.Thread(target=_let_go_quietly, args=(providers, consumer), daemon=True)
    try:
        letting_go.start()
    except RuntimeError:  # too late for threads: the interpreter ends
        _let_go_quietly(providers, consumer)
        return
    if not threading.main_thread().is_alive():
        letting_go.join(10)


def _let_go_quietly(providers: list[ToolProvider], consumer: int) -> None:
    with contextlib.suppress(Exception):
        _let_go(providers, consumer)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
