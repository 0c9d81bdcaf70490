"""Tools: every name leads to one, and every approval covers one. A gate must never stay open by a misspelt name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from strands_cli.capability.builtin_tools import TOOLS
from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import parts
from strands_cli.loader.walk import Path, at, child, listed, mappings, texts
from strands_cli.schema.problems import did_you_mean, nearest
from strands_cli.spec.agents import TOOL_CHOICES
from strands_cli.spec.roles import TOOL, TOOL_IDS
from strands_cli.spec.tools import tool_id

GROUPS = ("python", "http_executors", "mcp")
"""Names that mean all tools which a spec declares of a kind."""


SKILL_TOOLS = ("load_skill", "Skill")
"""The tool that loads skills, and what workflows of strands-cli 0.3 call it."""


REMEMBER = "remember"
"""The tool that writes a memory; who names it has it, where the workflow has memories."""


class _Known:
    """The tools of a document."""

    def __init__(self, data: dict[str, Any], given: frozenset[str]) -> None:
        tools = data.get("tools")
        self.mcp = [each["id"] for _, each in listed(child(tools, "mcp")) if isinstance(each.get("id"), str)]
        self.http = [
            each["id"] for _, each in listed(child(tools, "http_executors")) if isinstance(each.get("id"), str)
        ]
        self.python = [tool_id(name) for _, name in _python(tools)]
        self.jit = [name for _, name in texts(at(data, ("context_policy", "retrieval", "jit_tools")))]
        self.given = given
        self.others = any("workflow" in part.value for part in parts(data))
        self.skills = list(SKILL_TOOLS) if data.get("skills") else []
        self.groups = {"python": self.python, "http_executors": self.http, "mcp": self.mcp}
        self.names = [
            *TOOLS,
            *GROUPS,
            *self.python,
            *self.http,
            *self.mcp,
            *self.jit,
            *self.skills,
            *sorted(given),
        ]
        self.names += [REMEMBER] if data.get("memory") else []

    def meant(self, names: Iterable[str]) -> set[str]:
        """Return the ids that names mean: themselves, or all of a kind."""
        return {id for name in names for id in self.groups.get(name, [tool_id(name)])}

    def default(self) -> set[str]:
        """Return what an agent has that lists no tools."""
        return {*self.python, *self.http, *self.mcp} | self.always()

    def always(self) -> set[str]:
        return {*self.jit, *self.skills, *self.given}


def check_tools(data: dict[str, Any], given: frozenset[str]) -> Iterator[Finding]:
    """Yield names of tools that lead nowhere, and approvals that cover nothing.

    Args:
        data: The document.
        given: Ids of tools given in Python.
    """
    known = _Known(data, given)
    yield from _declared(data, known)
    for path, name in _mentions(data):
        yield from _mention(path, name, known)
    overrides, everything, of_agents = _overrides(data), set[str](), dict[str, set[str]]()
    for id, agent in mappings(data.get("agents")):
        listed_tools = agent.get("tools")
        own = (
            known.meant(name for _, name in texts(listed_tools)) if isinstance(listed_tools, list) else known.default()
        )
        has = own | known.always() | overrides.get(id, set())
        everything |= has
        of_agents[id] = has
        yield from _going(("agents", id), agent, has, known)
        for index, approval in listed(agent.get("approvals")):
            yield from _approval(("agents", id, "approvals", index, "tools"), approval.get("tools"), has, known)
    for part in parts(data):
        if "end_on" in part.value or "tool_choice" in part.value:
            has = of_agents.get(str(part.value.get("agent")), set())
            yield from _going(part.path, part.value, has, known)
        tools = part.marked(TOOL)
        called = {tool_id(str(name)) for _, name in tools} if tools else set()
        called = called or ({"http_request"} if "http" in part.value else set())
        everything |= called
        for index, approval in listed(part.value["approvals"]) if "approvals" in part.value else ():
            yield from _approval((*part.path, "approvals", index, "tools"), approval.get("tools"), called, known)
    for index, approval in listed(data.get("approvals")):
        yield from _approval(("approvals", index, "tools"), approval.get("tools"), everything, known)


def _going(path: Path, value: Mapping[str, Any], has: set[str], known: _Known) -> Iterator[Finding]:
    """Look at the tools that an agent must use, or that end its step."""
    ends = value.get("end_on")
    named = [((*path, "end_on"), ends)] if isinstance(ends, str) else list(_names((*path, "end_on"), ends))
    choice = value.get("tool_choice")
    if isinstance(choice, str) and choice not in TOOL_CHOICES:
        named.append(((*path, "tool_choice"), choice))
    for here, name in named:
        if tool_id(name) in has or name.partition("/")[0] in has & set(known.mcp):
            continue
        if has & set(known.mcp) and not nearest(name, has):
            yield Finding(
                here, f"whether the agent has a tool {name!r} is known when the mcp servers run", warning=True
            )
            continue
        also = [*has, *TOOL_CHOICES] if here[-1] == "tool_choice" else has
        yield Finding(
            here, f"the agent has no tool {name!r}", did_you_mean(name, sorted(also)) or "List it in `tools`."
        )


def _python(tools: object) -> Iterator[tuple[int, str]]:
    declared = child(tools, "python")
    for index, each in enumerate(declared if isinstance(declared, list) else ()):
        name = each.get("callable") if isinstance(each, Mapping) else each
        if isinstance(name, str):
            yield index, name


def _declared(data: dict[str, Any], known: _Known) -> Iterator[Finding]:
    for index, name in _python(data.get("tools")):
        if name not in TOOLS and name not in known.given and "." not in name and ":" not in name:
            hint = did_you_mean(name, TOOLS)
            yield Finding(("tools", "python", index), f"there is no built-in tool {name!r}", hint)
    seen: set[str] = set()
    for kind in ("mcp", "http_executors"):
        for index, each in listed(at(data, ("tools", kind))):
            id = each.get("id")
            if isinstance(id, str) and id in seen:
                yield Finding(("tools", kind, index, "id"), f"tool {id!r} is declared twice", "Give each its own id.")
            elif isinstance(id, str):
                seen.add(id)
    for index, each in listed(at(data, ("tools", "http_executors"))):
        authority = re.split("[/?#]", str(each.get("base_url", "")).partition("://")[2], maxsplit=1)[0]
        if "@" in authority:
            place = ("tools", "http_executors", index, "base_url")
            yield Finding(
                place, "a URL must not hold a name and password", "Give them in a header: ${NAME} of a secret."
            )
    for index, id in texts(at(data, ("context_policy", "retrieval", "mcp_servers"))):
        if id not in known.mcp:
            path = ("context_policy", "retrieval", "mcp_servers", index)
            yield Finding(path, f"mcp server {id!r} is not declared under 'tools.mcp'", did_you_mean(id, known.mcp))


def _mentions(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for id, agent in mappings(data.get("agents")):
        yield from _names(("agents", id, "tools"), agent.get("tools"))
    for part in parts(data):
        for path, names in part.marked(TOOL_IDS):
            yield from _names(path, names)
        for path, name in part.marked(TOOL):
            if isinstance(name, str):
                yield path, name
    allowed: Path = ("security", "guardrails", "allow_tools")
    yield from _names(allowed, at(data, allowed))


def _names(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        for index, name in texts(value):
            yield (*path, index), name


def _mention(path: Path, name: str, known: _Known) -> Iterator[Finding]:
    if name in known.names or tool_id(name) in known.names or ":" in name or "." in name:
        return
    if path[0] == "security" and known.others:
        return  # it may be a tool of a workflow that a step runs
    if name.partition("/")[0] in known.mcp:
        return  # server/tool: which tools a server has is known only when it runs
    if known.mcp and not nearest(name, known.names):
        yield Finding(path, f"tool {name!r} is not declared; it must come from an mcp server", warning=True)
        return
    yield Finding(
        path, f"tool {name!r} is neither built in nor declared under 'tools'", did_you_mean(name, known.names)
    )


def _overrides(data: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part in parts(data):
        marked = part.marked(TOOL_IDS)
        names = {tool_id(name) for path, listed in marked for _, name in _names(path, listed)} if marked else set()
        for _, agent in part.agents() if names else ():
            found.setdefault(agent, set()).update(names)
    return found


def _approval(path: Path, globs: object, has: set[str], known: _Known) -> Iterator[Finding]:
    for index, glob in texts(globs):
        here = (*path, index) if isinstance(globs, list) else path
        wanted = glob.removeprefix("!")
        if wanted == "*" or any(fnmatchcase(name, wanted) for name in has):
            continue
        if wanted.partition("/")[0] in has & set(known.mcp):
            continue
        if has & set(known.mcp) and not nearest(wanted, has):
            yield Finding(here, f"approval of {glob!r} can be checked only when the mcp servers run", warning=True)
            continue
        if path[0] == "approvals" and known.others:
            continue  # the workflows that steps run have tools of their own, for which it holds, too
        hint = did_you_mean(wanted, sorted(has)) or "There are no tools."
        whom = "the workflow" if path[0] == "approvals" else "this step" if path[0] == "pattern" else "this agent"
        yield Finding(here, f"approval of {glob!r} matches no tool of {whom}; it would never ask", hint)
