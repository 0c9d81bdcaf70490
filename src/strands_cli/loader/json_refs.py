"""`$ref`: agents and contracts that stand in files of their own become part of the document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from strands_cli.loader.errors import LoadError
from strands_cli.loader.marks import Marks
from strands_cli.schema.problems import did_you_mean

Reader = Callable[[Path, str], tuple[dict[str, Any], Marks]]
_OF_FILE = ("version", "name", "tags", "metadata")
_CONTRACTS = ("input_schema", "output_schema")


def resolve_refs(data: dict[str, Any], marks: Marks, base_dir: Path, read: Reader) -> dict[str, Any]:
    """Return the document with the agents it refers to in their place; the document given is not changed.

    Args:
        data: The document.
        marks: Where everything stands; learns about the other files.
        base_dir: What the references are relative to.
        read: Reads and parses a file.

    Raises:
        LoadError: A file is missing, unreadable, no agent, or refers to itself.
    """
    agents = data.get("agents")
    if not isinstance(agents, dict) or not any(_refers(agent) for agent in agents.values()):
        return data
    resolver = _Resolver(data, marks, read)
    resolved = {id: resolver.agent(agent, ("agents", id), base_dir, ()) for id, agent in agents.items()}
    marks.add(resolved, marks.of(agents))
    whole = {**data, "agents": resolved}
    if resolver.tools:
        whole["tools"] = resolver.tools
        marks.add(whole["tools"], marks.of(data.get("tools")))
    marks.add(whole, marks.of(data))
    return whole


def _refers(agent: object) -> bool:
    return isinstance(agent, dict) and ("$ref" in agent or any(isinstance(agent.get(key), str) for key in _CONTRACTS))


class _Resolver:
    def __init__(self, data: dict[str, Any], marks: Marks, read: Reader) -> None:
        self.data, self.marks, self.read = data, marks, read
        self.tools: dict[str, Any] = {}

    def agent(self, agent: Any, path: tuple[str | int, ...], base_dir: Path, trail: tuple[Path, ...]) -> Any:
        """Return an agent with what it refers to in its place."""
        if not _refers(agent):
            return agent
        own = {key: value for key, value in agent.items() if key != "$ref"}
        places = dict(self.marks.of(agent))
        if "$ref" in agent:
            other = self._referred(agent, path, base_dir, trail)
            places = {**self.marks.of(other), **places}
            inference = {**(other.get("inference") or {}), **(own.get("inference") or {})}
            own = {**other, **own, **({"inference": inference} if inference else {})}
        for key in _CONTRACTS:
            if isinstance(own.get(key), str):
                own[key], contract_marks = self._read(own[key], agent, (*path, key), base_dir)
                self.marks.take(contract_marks)
        self.marks.add(own, places)
        return own

    def _referred(
        self, agent: Any, path: tuple[str | int, ...], base_dir: Path, trail: tuple[Path, ...]
    ) -> dict[str, Any]:
        target = agent["$ref"]
        if not isinstance(target, str) or not target:
            raise self._error("'$ref' must be the path of a file", path)
        name, _, wanted = target.partition("#")
        file = (base_dir / name).resolve()
        if file in trail:
            route = " -> ".join(each.name for each in (*trail, file))
            raise self._error(f"'$ref' leads back to itself: {route}", path)
        document, marks = self._read(name, agent, (*path, "$ref"), base_dir)
        self.marks.take(marks)
        found = self._agent_of(document, marks, wanted.rpartition("/")[2], path)
        resolved: dict[str, Any] = self.agent(found, path, file.parent, (*trail, file))
        return resolved

    def _agent_of(
        self, document: dict[str, Any], marks: Marks, wanted: str, path: tuple[str | int, ...]
    ) -> dict[str, Any]:
        """Return the agent that a file holds: the file itself, or one of the agents of a spec."""
        agents = document.get("agents")
        if not isinstance(agents, dict):
            agent = {key: value for key, value in document.items() if key not in _OF_FILE}
            marks.add(agent, marks.of(document))
            self.marks.take(marks)
            return agent
        if not wanted and len(agents) == 1:
            wanted = next(iter(agents))
        if not isinstance(agents.get(wanted), dict):
            cause = (
                f"{marks.source!r} has several agents" if not wanted else f"{marks.source!r} has no agent {wanted!r}"
            )
            hint = did_you_mean(wanted, map(str, agents)) if wanted else "Name one: file.yaml#agent"
            raise self._error(cause, path, hint)
        runtime = document.get("runtime") if isinstance(document.get("runtime"), dict) else {}
        model = {key: runtime[key] for key in ("provider", "model_id") if runtime and key in runtime}
        agent = {**model, **agents[wanted]}
        marks.add(agent, {**marks.of(runtime), **marks.of(agents[wanted])})
        self.marks.take(marks)
        self._take_tools(document.get("tools"))
        return agent

    def _take_tools(self, tools: object) -> None:
        """Declare here what the other file declares."""
        if not isinstance(tools, dict):
            return
        if not self.tools:
            own = self.data.get("tools")
            self.tools = {k: list(v) for k, v in own.items() if isinstance(v, list)} if isinstance(own, dict) else {}
        for kind, entries in tools.items():
            here = self.tools.setdefault(str(kind), [])
            here += [entry for entry in entries if entry not in here] if isinstance(entries, list) else []

    def _read(self, name: str, agent: Any, path: tuple[str | int, ...], base_dir: Path) -> tuple[dict[str, Any], Marks]:
        try:
            return self.read(base_dir / name, name)
        except LoadError as error:
            if error.line:
                raise
            raise self._error(f"{path[-1]!r}: {error.message}", path, error.hint, unreadable=True) from None

    def _error(
        self, message: str, path: tuple[str | int, ...], hint: str = "", *, unreadable: bool = False
    ) -> LoadError:
        return LoadError(self.marks.problem(self.data, path, message, hint=hint), unreadable=unreadable)
