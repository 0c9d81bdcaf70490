"""The whole of a spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PrivateAttr, field_validator

from strands_cli.spec.agents import AgentSpec, Approval
from strands_cli.spec.base import Closed, Lazy
from strands_cli.spec.inputs import Inputs
from strands_cli.spec.outputs import Outputs
from strands_cli.spec.pattern import Pattern
from strands_cli.spec.runtime import Runtime

if TYPE_CHECKING:
    from typing import TypeAlias

    from strands_cli.spec.context import ContextPolicy
    from strands_cli.spec.env import Env
    from strands_cli.spec.memory import Memory
    from strands_cli.spec.metadata import Metadata
    from strands_cli.spec.security import Security
    from strands_cli.spec.skills import Skill
    from strands_cli.spec.telemetry import Telemetry
    from strands_cli.spec.tools import Tools

    SpecWithin: TypeAlias = "Spec"
else:
    ContextPolicy = Annotated[Any, Lazy("strands_cli.spec.context:ContextPolicy")]
    Env = Annotated[Any, Lazy("strands_cli.spec.env:Env")]
    Memory = Annotated[Any, Lazy("strands_cli.spec.memory:Memory")]
    Metadata = Annotated[Any, Lazy("strands_cli.spec.metadata:Metadata")]
    Security = Annotated[Any, Lazy("strands_cli.spec.security:Security")]
    Skill = Annotated[Any, Lazy("strands_cli.spec.skills:Skill")]
    Telemetry = Annotated[Any, Lazy("strands_cli.spec.telemetry:Telemetry")]
    Tools = Annotated[Any, Lazy("strands_cli.spec.tools:Tools")]
    SpecWithin = Annotated[Any, Lazy("strands_cli.spec.root:Spec")]


class Spec(Closed):
    """A workflow: its agents, its pattern, its limits."""

    version: int | str = Field(description="Version of this format: 0 or 1.")
    name: str = Field(
        min_length=1, max_length=200, description="What the workflow is called: in sessions, lists and drawings."
    )
    description: str | None = Field(default=None, description="What the workflow is for.")
    tags: list[str] = Field(default_factory=list, description="Words to find it by.")
    metadata: Metadata | None = Field(
        default=None, description="What else its author says about it; nothing depends on it."
    )
    runtime: Runtime = Field(description="The provider, the model, and the limits of a run.")
    inputs: Inputs = Field(default_factory=Inputs, description="The variables that a run is given.")
    env: Env | None = Field(default=None, description="Secrets, and the directories that file tools may use.")
    telemetry: Telemetry | None = Field(default=None, description="Where traces go, and what is left out of them.")
    context_policy: ContextPolicy | None = Field(
        default=None, description="How long conversations are kept short, and notes kept."
    )
    skills: list[Skill] = Field(
        default_factory=list, description="Directories of instructions that agents load when they need them."
    )
    tools: Tools | None = Field(
        default=None, description="What agents and steps may use: Python functions, MCP servers, HTTP services."
    )
    memory: dict[str, Memory] = Field(
        default_factory=dict,
        description="What runs keep for later ones, by name, read as {{ memory.NAME.WORD }}.",
    )
    agents: dict[str, AgentSpec] = Field(
        default_factory=dict, description="The agents that steps call, by their ids; none where no step calls one."
    )
    approvals: list[Approval] = Field(
        default_factory=list,
        description="When a person is asked before a tool is called, by any agent or step; their own rules come first.",
    )
    pattern: Pattern = Field(description="What the workflow does: one of the patterns.")
    outputs: Outputs = Field(default_factory=Outputs, description="The files that a finished run writes.")
    security: Security | None = Field(default=None, description="What no agent of this workflow may do.")
    workflows: dict[str, SpecWithin] = Field(
        default_factory=dict,
        description="Workflows that steps run, by what steps call them: those in files of their own are put here.",
    )

    _base_dir: Path | None = PrivateAttr(default=None)
    _unpacked: Path | None = PrivateAttr(default=None)
    _source: str = PrivateAttr(default="")
    _warnings: tuple[str, ...] = PrivateAttr(default=())
    _used: dict[str, tuple[str | int, ...]] | None = PrivateAttr(default=None)
    _called_once: frozenset[str] | None = PrivateAttr(default=None)
    _places: Any = PrivateAttr(default=None)
    _plain: dict[str, Any] | None = PrivateAttr(default=None)
    _own_names: dict[str, object] | None = PrivateAttr(default=None)
    _literals: dict[str, str] = PrivateAttr(default_factory=dict)
    _blotted: Spec | None = PrivateAttr(default=None)
    _within: tuple[object, dict[str, Spec]] | None = PrivateAttr(default=None)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a private attribute: each run reads some, and looking them up as pydantic does takes its time."""
            private = object.__getattribute__(self, "__pydantic_private__")
            return private[name] if private and name in private else super().__getattr__(name)

    @field_validator("version", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        if isinstance(value, bool) or str(value).split(".")[0] not in ("0", "1"):
            raise ValueError(f"version {value!r} is not known; write 0 or 1")
        return int(value) if isinstance(value, float) else value

    @field_validator("memory", mode="before")
    @classmethod
    def _memories(cls, value: object) -> object:
        """Memories without more may be a list of names, or names without a value."""
        value = [value] if isinstance(value, str) else value
        only_names = isinstance(value, list) and all(isinstance(each, str) for each in value)
        named = dict.fromkeys(value) if isinstance(value, list) and only_names else value
        if not isinstance(named, dict):
            return value
        for name in named:
            if not str(name).isidentifier():
                raise ValueError(f"memory {name!r} is no name that templates can use: letters, digits and _")
        return {name: {} if each is None else each for name, each in named.items()}

    @property
    def source(self) -> str:
        """The file that it was read from, or ""."""
        return self._source

    @property
    def base_dir(self) -> Path | None:
        """Where its relative paths begin; None for the current directory."""
        return self._base_dir

    @property
    def unpacked(self) -> Path | None:
        """Where its files were unpacked; None where they are beside it."""
        return self._unpacked

    def unpacked_at(self, directory: Path) -> Spec:
        """Return the same spec with its files in another directory."""
        twin = self.model_copy()
        twin._unpacked, twin._blotted = directory, None
        return twin

    @property
    def module_dir(self) -> Path | None:
        """Where the modules of its tools are looked for beside what is installed; None for the current directory."""
        return self._base_dir if self._unpacked is None else self._unpacked / "modules"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is suspicious in the file, though not wrong."""
        return self._warnings

    def within(self) -> dict[str, Spec]:
        """Return the workflows that steps run, by what steps call them, each with where its files are."""
        here = self._base_dir, self._unpacked
        if self._within is None or self._within[0] != here:
            self._within = here, {path: self._placed(number, path) for number, path in enumerate(self.workflows)}
        return self._within[1]

    def _placed(self, number: int, path: str) -> Spec:
        twin = self.workflows[path].model_copy()
        twin._base_dir = ((self._base_dir or Path.cwd()) / path).parent
        twin._unpacked = None if self._unpacked is None else self._unpacked / "workflows" / str(number)
        return twin

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, without what was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def plain(self) -> dict[str, Any]:
        """Return what `to_dict` does, made once: for those who only read it."""
        found = self._plain
        if found is None:
            found = self._plain = self.to_dict()
        return found

    def to_yaml(self) -> str:
        """Return the spec as YAML; loading it gives the same spec."""
        from strands_cli.spec.dump import to_yaml

        return to_yaml(self.to_dict())
