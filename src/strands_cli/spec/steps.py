"""Steps: an agent's call, and a question to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from strands_cli.spec.asking import Rights
from strands_cli.spec.base import Closed, Id, Seconds, SecondsOrNone
from strands_cli.spec.roles import AgentId, Earlier, StepModel, Template, ToolIds, Variables


class AgentStep(StepModel):
    """An agent is called once with a rendered input."""

    agent: AgentId = Field(description="Id of an agent of this spec.")
    input: Template | None = Field(
        default=None, description="Template of the message; without one the agent gets its prompt only."
    )
    vars: Variables = Field(default_factory=dict, description="Names for this step's templates; texts are templates.")
    tool_overrides: ToolIds | None = Field(default=None, description="Tool ids that replace the agent's own.")
    timeout_s: Seconds | None = Field(default=None, description="Limit for this call, in seconds.")
    description: str | None = None


class Validation(Closed):
    """What a text answer must look like."""

    pattern: str | None = Field(default=None, description="Regular expression that the whole answer must match.")
    message: str | None = Field(default=None, description="What to tell somebody whose answer does not match.")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        from strands.types import patterns

        patterns.check(value or "")
        return value


class HitlStep(StepModel, Rights):
    """A person is asked; the run waits, at no cost, until somebody answers."""

    type: Literal["hitl"]
    prompt: Template = Field(min_length=1, description="Template of the question.")
    context_display: Template | None = Field(default=None, description="Template of what the person needs to see.")
    default: Any = Field(default=None, description="The answer at the deadline, and of an empty answer.")
    timeout_seconds: SecondsOrNone | None = Field(default=None, description="Deadline in seconds; 0: none.")
    choices: list[str] | None = Field(default=None, min_length=1, description="The only answers allowed.")
    schema_: dict[str, Any] | None = Field(default=None, alias="schema", description="JSON Schema of the answer.")
    validation: Validation | None = None
    description: str | None = None

    @property
    def has_default(self) -> bool:
        """Whether a default is written; null may be one."""
        return "default" in self.model_fields_set

    @field_validator("choices", mode="before")
    @classmethod
    def _texts(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [str(item) if isinstance(item, (int, float)) and not isinstance(item, bool) else item for item in value]

    @field_validator("schema_")
    @classmethod
    def _is_schema(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            check_json_schema(value)
        return value


class _Depending(StepModel):
    id: Id
    deps: Earlier = Field(default_factory=list, description="Ids of the tasks that must be done before.")


class AgentTask(AgentStep, _Depending):
    """A task of a workflow that an agent does."""


class HitlTask(HitlStep, _Depending):
    """A task of a workflow that asks a person."""


def step_kind(value: object) -> str:
    """Return the tag of a step: whatever has a `type` is meant to be a question, the rest calls an agent."""
    if isinstance(value, Mapping):
        return "<hitl>" if "type" in value or ("prompt" in value and "agent" not in value) else "<agent>"
    return "<hitl>" if isinstance(value, HitlStep) else "<agent>"


def check_json_schema(schema: dict[str, Any]) -> None:
    """Raise ValueError when `schema` is not a JSON Schema that stands for itself."""
    from strands.types import json_schema

    json_schema.check_schema(schema)


Step = Annotated[
    Annotated[AgentStep, Tag("<agent>")] | Annotated[HitlStep, Tag("<hitl>")],
    Discriminator(step_kind),
]
"""An agent's call, or a question to a person."""
Task = Annotated[
    Annotated[AgentTask, Tag("<agent>")] | Annotated[HitlTask, Tag("<hitl>")],
    Discriminator(step_kind),
]
"""A step of a workflow that others may depend on."""
