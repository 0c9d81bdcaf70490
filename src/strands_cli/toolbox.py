"""Tools by id: those that come with the product, those a spec declares, and those given in Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from strands_cli.capability.builtin_tools import TOOLS, builtin_name
from strands_cli.errors import ExecutionError
from strands_cli.loader.check_tools import GROUPS, SKILL_TOOLS
from strands_cli.spec.tools import file_of, tool_id

if TYPE_CHECKING:
    from strands_cli.builtin import ToolAccess
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.root import Spec
    from strands_cli.spec.tools import HttpExecutor


class Toolbox:
    """The tools of one run. A tool is made when the first agent that has it is built; all agents share it.

    Args:
        spec: The workflow.
        given: Tools given in Python; every agent gets them, and ids may name them.
        directory: What the paths of tools are relative to.
        secrets: The secrets of HTTP executors.
        servers: Tools of MCP servers by the server's id, for servers that are running.
        rehearses: Tools of ours send nothing anywhere.
    """

    def __init__(
        self,
        spec: Spec,
        given: Sequence[Any],
        directory: str | Path,
        secrets: Secrets,
        servers: Mapping[str, Sequence[Any]] | None = None,
        rehearses: bool = False,
    ) -> None:
        self._spec = spec
        self._given = _by_name(map(as_tool, given))
        self._directory = directory
        self._rehearses = rehearses
        self._made_place: ToolAccess | None = None
        self._own_secrets = secrets
        self._servers = servers if servers is not None else {}
        self._made: dict[str, Any] = {}
        self._makers = self._declared()

    def tools(self, agent_id: str, override: Sequence[str] | None = None) -> list[Any]:
        """Return the tools of an agent: those that `override` or its spec lists, else the declared ones.

        Every agent also has the tools given in Python, those for retrieval, and the one that loads skills. What the
        guardrails do not allow is left out.

        Raises:
            ExecutionError: An id names no tool, or a callable cannot be imported.
        """
        ids = override if override is not None else self._spec.agents[agent_id].tools
        wanted = list(self._makers) if ids is None else list(ids)
        found = dict(self._given)
        for id_ in (*wanted, *self._always()):
            for tool in self._listed(id_):
                _put(found, tool)
        for id_ in self._attached():
            for tool in self._servers.get(id_, ()):
                _put(found, tool)
        return [tool for tool in found.values() if self.allowed(tool)] if found else []

    def offer(self, tool: Any) -> None:
        """Have a tool that agents and steps get where they name it."""
        self._made[tool_name(tool)] = tool

    def one(self, id_: str) -> Any:
        """Return the tool that an id means; of an MCP server's it may be `server/tool`.

        Raises:
            ExecutionError: It means none, or several, or one that the guardrails do not allow.
        """
        server, slash, _ = id_.partition("/")
        if slash and server in self._servers:
            found = [tool for tool in self._servers[server] if tool.qualified_name == id_]
        else:
            found = self._listed(id_)
        if len(found) != 1:
            hint = f"It means: {', '.join(map(tool_name, found))}." if found else ""
            raise ExecutionError(f"a step calls one tool, and {id_!r} means {len(found)}", hint=hint)
        if not self.allowed(found[0]):
            hint = "List it there, or leave the step out."
            raise ExecutionError(f"security.guardrails.allow_tools does not allow the tool {id_!r}", hint=hint)
        return found[0]

    def in_use(self) -> dict[str, str]:
        """Return the tools that this run may use beside those of MCP servers: name to what it is."""
        found = {name: f"the tool {name!r} given in Python" for name in self._given}
        found.update((name, f"the declared tool {name!r}") for name in self._makers)
        for agent in self._spec.agents.values():
            names = [name for name in map(builtin_name, agent.tools or ()) if name is not None]
            found.update((name, f"the built-in tool {name!r}") for name in names)
        return found

    def allowed(self, tool: Any) -> bool:
        """Whether the guardrails let agents use a tool, or a name that no tool has.

        A tool of an MCP server is called `server/tool`. Its bare name stands for it too, unless a built-in or a
        declared tool has that name.
        """
        guardrails = self._spec.security.guardrails if self._spec.security is not None else None
        if guardrails is None or guardrails.allow_tools is None:
            return True
        allowed = {*guardrails.allow_tools, *map(short_name, guardrails.allow_tools)}
        allowed |= {each.replace(".", "_") for each in guardrails.allow_tools}
        name = tool if isinstance(tool, str) else tool_name(tool)
        qualified = getattr(tool, "qualified_name", None)
        if qualified is None:
            return name in allowed or name in SKILL_TOOLS
        server = qualified.partition("/")[0]
        return server in allowed or qualified in allowed or (name in allowed and not self._is_taken(name))

    def _is_taken(self, name: str) -> bool:
        return builtin_name(name) is not None or name in self._makers or name in self._given

    # -- finding --------------------------------------------------------------------------------------------------

    def _listed(self, id_: str) -> list[Any]:
        """Return the tools that an id means: one, or all of an MCP server."""
        if id_ in self._servers:
            return list(self._servers[id_])
        group = self._group(id_)
        if group is not None:
            return [tool for each in group for tool in self._listed(each)]
        if self._is_server(id_):
            return []
        name = id_ if id_ in self._makers else short_name(id_)
        if name in self._given:
            return [self._given[name]]
        if name not in self._made:
            self._made[name] = self._made_for(id_, name)
        return [self._made[name]]

    def _group(self, id_: str) -> list[str] | None:
        """Return the ids that "python", "http_executors" or "mcp" means, unless a tool has that name."""
        declared = self._spec.tools
        if id_ not in GROUPS or id_ in self._makers or id_ in self._given:
            return None
        if id_ == "mcp":
            return list(self._servers)
        if declared is None:
            return []
        if id_ == "http_executors":
            return [each.id for each in declared.http_executors]
        return [short_name(each if isinstance(each, str) else each.callable) for each in declared.python]

    def _made_for(self, id_: str, name: str) -> Any:
        from strands_cli.builtin import make

        if name in self._makers:
            return self._makers[name]()
        known = builtin_name(id_)
        if known is not None:
            return make(known, self._place())
        for tools in self._servers.values():
            for tool in tools:
                if tool_name(tool) == id_:
                    return tool
        return load(id_, self._spec.module_dir)

    def _declared(self) -> dict[str, Callable[[], Any]]:
        """Return the spec's own tools: id to what makes it."""
        if self._spec.tools is None:
            return {}
        found: dict[str, Callable[[], Any]] = {}
        for declared in self._spec.tools.python:
            reference = declared if isinstance(declared, str) else declared.callable
            loose = not isinstance(declared, str) and declared.isolation == "none"
            found[short_name(reference)] = partial(self._python, reference, isolated=not loose)
        for executor in self._spec.tools.http_executors:
            found[executor.id] = lambda executor=executor: self._executor(executor)  # type: ignore[misc]
        return found

    def _python(self, reference: str, isolated: bool) -> Any:
        from strands_cli.builtin import make

        name = builtin_name(reference)
        return (
            make(name, replace(self._place(), isolated=isolated))
            if name is not None
            else load(reference, self._spec.module_dir)
        )

    def _executor(self, executor: HttpExecutor) -> Any:
        from strands_cli.resources.http_tools import http_executor

        try:
            return http_executor(executor, self._place(), self._own_secrets)
        except ValueError as error:
            raise ExecutionError(f"http executor {executor.id!r}: {error}", hint="Correct its base_url.") from error

    def _place(self) -> ToolAccess:
        if self._made_place is None:
            from strands_cli.resources.access import tool_access

            self._made_place = tool_access(self._spec, self._directory, self._rehearses)
        return self._made_place

    def _always(self) -> Sequence[str]:
        policy = self._spec.context_policy
        found: list[str] = list(policy.retrieval.jit_tools) if policy is not None and policy.retrieval else []
        return [*found, *self._skills()] if self._spec.skills else found

    def _skills(self) -> list[str]:
        """Return the names of the tools that load skills."""
        from strands_cli.resources.skills import skill_tools

        made = {tool.tool_name: tool for tool in skill_tools(self._spec)}
        self._made = {**made, **self._made}
        return list(made)

    # -- MCP servers ----------------------------------------------------------------------------------------------

    def _is_server(self, id_: str) -> bool:
        return self._spec.tools is not None and any(server.id == id_ for server in self._spec.tools.mcp)

    def _attached(self) -> list[str]:
        """Return the servers whose tools every agent has: those for retrieval, and all when no agent lists any."""
        if not self._servers:
            return []
        policy = self._spec.context_policy
        found = list(policy.retrieval.mcp_servers) if policy is not None and policy.retrieval else []
        listed = any(id_ in self._servers for agent in self._spec.agents.values() for id_ in agent.tools or ())
        return found if listed else [*found, *self._servers]


def _put(found: dict[str, Any], tool: Any) -> None:
    """Add a tool; one given in Python stands for a listed one of its name, but no server's tool stands for another."""
    known = found.setdefault(tool_name(tool), tool)
    if known is not tool and (hasattr(known, "qualified_name") or hasattr(tool, "qualified_name")):
        both = " and ".join(repr(getattr(each, "qualified_name", tool_name(each))) for each in (known, tool))
        raise ExecutionError(
            f"an agent would have two tools called {tool_name(tool)!r}: {both}",
            hint="Give the mcp server a prefix, or leave one of the two out with its tool_filters.",
        )


def _by_name(given: Iterable[Any]) -> dict[str, Any]:
    """Return tools given in Python by name; of two of one name neither is the one that was meant."""
    found: dict[str, Any] = {}
    for tool in given:
        if found.setdefault(tool_name(tool), tool) is not tool:
            raise ExecutionError(
                f"two tools given in Python are called {tool_name(tool)!r}",
                hint='Give one of them another name: @tool(name="...").',
            )
    return found


def short_name(reference: str) -> str:
    """Return the id of a tool: the last part of "package.module:function" or of a dotted name."""
    return builtin_name(reference) or tool_id(reference)


def load(reference: str, base_dir: Path | None = None) -> Any:
    """Return the tool that "package.module:function" names; a plain function is made one.

    Args:
        base_dir: A directory in which modules are looked for too: the one of the spec.

    Raises:
        ExecutionError: It cannot be imported, or there is no such thing in it.
    """
    try:
        found = _named(reference, base_dir)
    except Exception as error:  # a module may do anything while it is imported
        cause = str(error) if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: {error}"
        raise ExecutionError(
            f"tool {reference!r} cannot be imported: {cause}",
            hint="Write package.module:function, importable here or from the spec's directory, or ./file.py:function.",
        ) from error
    if found is None:
        hint = f"Built in are {', '.join(TOOLS)}; or write package.module:function."
        raise ExecutionError(f"there is no tool {reference!r}", hint=hint)
    made = as_tool(found)
    if not hasattr(made, "tool_spec") and not hasattr(made, "load_tools") and not isinstance(made, Iterable):
        raise ExecutionError(
            f"{reference!r} is a {type(found).__name__}, not a tool",
            hint="Name a function, decorated with @tool or a plain one.",
        )
    return made


def _named(reference: str, base_dir: Path | None) -> Any:
    """Return what a reference names: a function, or the tool of a module or file that has a TOOL_SPEC."""
    file = file_of(reference)
    if file is not None:
        path = ((base_dir or Path.cwd()) / file[0]).resolve()
        if not path.is_file():
            raise ImportError(f"there is no file {str(path)!r}")
        return _part(_of_file(path), file[1])
    module, colon, name = reference.partition(":")
    if not colon:
        module, _, name = reference.rpartition(".")
    if not module:
        return None
    try:
        found = _part(_imported(module, base_dir), name)
    except AttributeError:
        found = None if colon else _imported(reference, base_dir)
        if not hasattr(found, "TOOL_SPEC"):
            raise
    return _part(found, "") if isinstance(found, ModuleType) and hasattr(found, "TOOL_SPEC") else found


def _part(module: Any, name: str) -> Any:
    """Return a function of a module, or with "" its one tool; a function that its TOOL_SPEC is of is that tool."""
    described = getattr(module, "TOOL_SPEC", None)
    is_its = isinstance(described, Mapping) and described.get("name") == name
    if name and not is_its:
        if not hasattr(module, name):
            raise AttributeError(f"{getattr(module, '__file__', None) or module.__name__} has no {name!r}")
        return getattr(module, name)
    from strands.tools.module import tools_of_module

    tools = tools_of_module(module)
    if name:
        return next((tool for tool in tools if tool.tool_name == name), tools[0])
    if len(tools) != 1:
        raise AttributeError(f"it has {len(tools)} tools: name one, as FILE:function")
    return tools[0]


def problem_of(spec: Spec, id_: str) -> ExecutionError | None:
    """Return why a tool that the spec names cannot be had, or None. Its module is imported."""
    declared = spec.tools
    others = [*(each.id for each in declared.mcp), *(each.id for each in declared.http_executors)] if declared else []
    python = [each if isinstance(each, str) else each.callable for each in (declared.python if declared else ())]
    by_name = {short_name(each): each for each in python}
    if id_ in others or id_ in GROUPS or id_ in SKILL_TOOLS or builtin_name(id_) is not None:
        return None
    reference = by_name.get(id_, id_)
    if builtin_name(reference) is not None or ("." not in reference and ":" not in reference):
        return None  # one of ours, or of an mcp server
    try:
        load(reference, spec.module_dir)
    except ExecutionError as error:
        return error
    return None


def as_tool(found: Any) -> Any:
    """Return a tool: the thing itself, or a plain function or an agent made one."""
    if hasattr(found, "as_tool") and not hasattr(found, "tool_spec"):
        return found.as_tool()  # once, so that it always begins with the history it has now
    is_tool = any(hasattr(found, own) for own in ("tool_spec", "load_tools"))
    if is_tool or isinstance(found, Iterable) or not callable(found):
        return found
    from strands.tools.decorator import tool

    return tool(found)


def _imported(module: str, base_dir: Path | None) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if base_dir is None or error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
    sys.path.insert(0, str(base_dir))
    try:
        file = base_dir / f"{module}.py"
        return _of_file(file) if file.is_file() else import_module(module)
    finally:
        sys.path.remove(str(base_dir))


@cache
def _of_file(file: Path) -> Any:
    """Import a file under a name of its own: specs in two directories may both have a tools.py."""
    place = sha256(str(file).encode("utf-8", "surrogatepass")).hexdigest()[:16]  # the same in every process
    name = f"strands_spec_tools_{place}_{file.stem}"
    found = spec_from_file_location(name, file)
    if found is None or found.loader is None:
        raise ImportError(f"{str(file)!r} is not a Python file")
    module = module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


def tool_name(tool: Any) -> str:
    """Return the name that a model calls a tool by."""
    return str(getattr(tool, "tool_name", None) or getattr(tool, "name", None) or getattr(tool, "__name__", id(tool)))
