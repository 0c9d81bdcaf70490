"""An atomic agent: read from a file that holds the agent alone, or a workflow of this one agent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.errors import INVALID_SPEC, StrandsError

if TYPE_CHECKING:
    from strands_cli.spec.agents import AgentSpec
    from strands_cli.spec.root import Spec

DEFAULT_PROVIDER = "openai"
_TYPES = ("string", "number", "integer", "boolean", "array", "object")


class AtomicError(StrandsError):
    """A file is no atomic agent, or there is none of that name."""

    exit_code = INVALID_SPEC


@dataclass(frozen=True)
class AtomicAgent:
    """An agent with one purpose.

    Attributes:
        name: What it is called: the name in its file, else the file's.
        path: Its file.
        spec: The workflow that runs it.
        agent_id: Its id in that workflow.
        alone: Whether the file holds the agent alone; its message is then the input itself.
    """

    name: str
    path: Path
    spec: Spec
    agent_id: str
    alone: bool

    @property
    def agent(self) -> AgentSpec:
        return self.spec.agents[self.agent_id]

    @property
    def description(self) -> str:
        return (self.agent.description or self.spec.description or "").strip()

    @property
    def tests(self) -> Path | None:
        """The file of its tests, or None."""
        folder, stem = self.path.parent, self.path.stem
        beside = (f"{stem}.tests", "tests", f"tests/{stem}")
        for place in (*(folder / name for name in beside), Path.cwd() / "tests" / f"{stem}_tests"):
            for file in (Path(f"{place}.yaml"), Path(f"{place}.yml")):
                if file.is_file() and self._is_of(file):
                    return file
        return None

    def _is_of(self, file: Path) -> bool:
        """Whether a file of tests is this agent's: `tests.yaml` of a directory with several agents is nobody's."""
        if file.stem != "tests" or file.parent != self.path.parent:
            return True
        others = [each for each in file.parent.glob("*.y*ml") if each.stem != "tests" and ".tests" not in each.name]
        return len(others) == 1 or self.path.stem == self.path.parent.name

    def to_dict(self) -> dict[str, Any]:
        """Return what there is to know of it as plain JSON values."""
        agent, runtime = self.agent, self.spec.runtime
        return {
            "name": self.name,
            "path": str(self.path),
            "description": self.description,
            "provider": agent.provider or runtime.provider,
            "model_id": agent.model_id or runtime.model_id,
            "tools": agent.tools,
            "input_schema": agent.input_schema,
            "output_schema": agent.output_schema,
            "inputs": {} if self.alone else _inputs(self.spec),
            "tests": str(self.tests) if self.tests else None,
        }


def load(path: str | Path) -> AtomicAgent:
    """Read, check and return the atomic agent in a file.

    Raises:
        LoadError: The file cannot be read, or is not YAML or JSON.
        SchemaValidationError: It is not valid.
        AtomicError: It holds more than one agent.
    """
    from strands_cli.loader.load import load_file, parse, read_text

    file = Path(path).absolute()
    data, _ = parse(read_text(file, str(path)), str(path))
    if "pattern" in data:
        return _of_workflow(load_file(path), file)
    return _alone(data, file)


def _of_workflow(spec: Spec, file: Path) -> AtomicAgent:
    if len(spec.agents) != 1:
        raise AtomicError(
            f"{str(file)!r} has {len(spec.agents)} agents: {', '.join(spec.agents)}",
            hint="An atomic agent stands alone in its file; run a workflow with: strands run FILE.",
        )
    return AtomicAgent(spec.name, file, spec, next(iter(spec.agents)), alone=False)


def _alone(data: dict[str, Any], file: Path) -> AtomicAgent:
    from strands_cli.loader.load import load_dict

    agents = data.get("agents")
    if isinstance(agents, dict) and len(agents) != 1:
        raise AtomicError(f"{str(file)!r} has {len(agents)} agents", hint="An atomic agent stands alone in its file.")
    inner = next(iter(agents.values())) if isinstance(agents, dict) else data
    name = str(data.get("name") or file.stem)
    id_ = "".join(char if char.isalnum() or char in "_.-" else "_" for char in name) or "agent"
    runtime = data.get("runtime") if isinstance(data.get("runtime"), dict) else {}
    whole = {
        "version": 0,
        "name": name,
        "runtime": {"provider": _text(inner, "provider") or DEFAULT_PROVIDER, **(runtime or {})},
        "inputs": _declared(file, inner),
        "agents": {id_: {"$ref": file.name}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": id_, "input": "{{ input }}"}]}},
    }
    spec = load_dict(whole, source=str(file), base_dir=file.parent)
    return AtomicAgent(name, file, spec, id_, alone=True)


def _declared(file: Path, agent: Any) -> dict[str, Any]:
    """The agent's message is the input as a whole; the parts of an object have names of their own in its prompt."""
    schema = agent.get("input_schema") if isinstance(agent, dict) else None
    if isinstance(schema, str):
        from strands_cli.loader.load import parse, read_text

        schema, _ = parse(read_text(file.parent / schema, schema), schema)
    fields = schema.get("properties") if isinstance(schema, dict) else None
    optional = {
        name: {"type": field["type"]}
        for name, field in (fields or {}).items()
        if isinstance(field, dict) and field.get("type") in _TYPES and name.isidentifier() and name != "input"
    }
    return {"required": {"input": "string"}, "optional": optional}


def _inputs(spec: Spec) -> dict[str, str]:
    return {name: parameter.type for name, parameter in {**spec.inputs.required, **spec.inputs.optional}.items()}


def _text(value: Any, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
