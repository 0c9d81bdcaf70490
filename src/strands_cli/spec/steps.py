"""Steps: an agent's call, a question to a person, and what needs neither (see `acts`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from strands_cli.spec.agents import Going
from strands_cli.spec.asking import Rights
from strands_cli.spec.base import Closed, Id, JsonSchema, Lazy
from strands_cli.spec.flow import CallTimeout, Choices, Flow, OnReject, Timeout
from strands_cli.spec.roles import DATA, AgentId, Earlier, StepModel, Template, ToolIds, Variables

if TYPE_CHECKING:
    from strands_cli.spec.acts import EachStep as EachStep
    from strands_cli.spec.acts import EachTask as EachTask
    from strands_cli.spec.acts import FailStep as FailStep
    from strands_cli.spec.acts import FailTask as FailTask
    from strands_cli.spec.acts import HttpStep as HttpStep
    from strands_cli.spec.acts import HttpTask as HttpTask
    from strands_cli.spec.acts import SetStep as SetStep
    from strands_cli.spec.acts import SetTask as SetTask
    from strands_cli.spec.acts import ToolStep as ToolStep
    from strands_cli.spec.acts import ToolTask as ToolTask
    from strands_cli.spec.acts import WorkflowStep as WorkflowStep
    from strands_cli.spec.acts import WorkflowTask as WorkflowTask
else:
    EachStep = Annotated[Any, Lazy("strands_cli.spec.acts:EachStep")]
    EachTask = Annotated[Any, Lazy("strands_cli.spec.acts:EachTask")]
    ToolStep = Annotated[Any, Lazy("strands_cli.spec.acts:ToolStep")]
    HttpStep = Annotated[Any, Lazy("strands_cli.spec.acts:HttpStep")]
    SetStep = Annotated[Any, Lazy("strands_cli.spec.acts:SetStep")]
    FailStep = Annotated[Any, Lazy("strands_cli.spec.acts:FailStep")]
    ToolTask = Annotated[Any, Lazy("strands_cli.spec.acts:ToolTask")]
    HttpTask = Annotated[Any, Lazy("strands_cli.spec.acts:HttpTask")]
    SetTask = Annotated[Any, Lazy("strands_cli.spec.acts:SetTask")]
    FailTask = Annotated[Any, Lazy("strands_cli.spec.acts:FailTask")]
    WorkflowStep = Annotated[Any, Lazy("strands_cli.spec.acts:WorkflowStep")]
    WorkflowTask = Annotated[Any, Lazy("strands_cli.spec.acts:WorkflowTask")]


class AgentCall(StepModel, Going):
    """An agent is called once with a rendered input."""

    agent: AgentId = Field(description="Id of an agent of this spec.")
    input: Template | None = Field(
        default=None, description="Template of the message; without one the agent gets its prompt only."
    )
    vars: Variables = Field(default_factory=dict, description="Names for this step's templates; texts are templates.")
    tool_overrides: ToolIds | None = Field(default=None, description="Tool ids that replace the agent's own.")
    timeout_s: CallTimeout | None = Field(default=None, description="Limit for this call: seconds, or a template.")
    description: str | None = Field(default=None, description="What it is for; drawings show it.")
    fresh: bool = Field(
        default=False,
        description="The agent begins afresh: it remembers nothing of its earlier steps. Later steps go on from here.",
    )


class AgentStep(AgentCall, Flow):
    """A step: an agent is called once with a rendered input."""


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


class Review(StepModel, Rights):
    """A person is asked; the run waits, at no cost, until somebody answers."""

    type: Literal["hitl"] = Field(description="That it is a question to a person.")
    prompt: Template = Field(min_length=1, description="Template of the question.")
    context_display: Template | None = Field(default=None, description="Template of what the person needs to see.")
    default: Annotated[Any, DATA] = Field(
        default=None, description="The answer at the deadline, and of an empty answer; texts are templates."
    )
    timeout_seconds: Timeout | None = Field(default=None, description="Deadline: seconds, or a template; 0: none.")
    choices: Choices | None = Field(
        default=None, description="The only answers allowed: a list of templates, or the template of a list."
    )
    schema_: JsonSchema | None = Field(default=None, alias="schema", description="JSON Schema of the answer.")
    validation: Validation | None = Field(default=None, description="What a text answer must look like.")
    description: str | None = Field(default=None, description="What it is for.")

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


class HitlStep(Review, Flow):
    """A step: a person is asked; the run waits, at no cost, until somebody answers."""

    on_reject: OnReject = Field(
        default="continue",
        description="What a no does: the run goes on (continue), fails (stop), or goes on elsewhere (to).",
    )


class Depending(StepModel):
    """A task: it waits for others."""

    id: Id = Field(description="Its name, which nothing else of its kind has.")
    deps: Earlier = Field(default_factory=list, description="Ids of the tasks that must be done before.")
    title: str | None = Field(
        default=None, description="A short name for it; drawings show it in place of the description."
    )


class AgentTask(AgentStep, Depending):
    """A task of a workflow that an agent does."""


class HitlTask(HitlStep, Depending):
    """A task of a workflow that asks a person."""


def step_kind(value: object) -> str:
    """Return the tag of a step: by the key that only one kind of step has."""
    if isinstance(value, Mapping):
        if value.get("type") == "fail":
            return "<fail>"
        if "type" in value or ("prompt" in value and "agent" not in value):
            return "<hitl>"
        return next((f"<{key}>" for key in ACTS if key in value and "agent" not in value), "<agent>")
    return TAGS.get(type(value).__name__.removesuffix("Step").removesuffix("Task"), "<agent>")


ACTS = ("tool", "http", "set", "for_each", "workflow")
"""Keys that begin a step without an agent and a person."""
TAGS = {
    "Hitl": "<hitl>",
    "Tool": "<tool>",
    "Http": "<http>",
    "Set": "<set>",
    "Fail": "<fail>",
    "Each": "<for_each>",
    "Workflow": "<workflow>",
}

Evaluator = Annotated[
    Annotated[AgentCall, Tag("<agent>")] | Annotated[ToolStep, Tag("<tool>")] | Annotated[HttpStep, Tag("<http>")],
    Discriminator(step_kind),
]
"""What looks at something: an agent, or a tool or service that does so without one."""
Step = Annotated[
    Annotated[AgentStep, Tag("<agent>")]
    | Annotated[HitlStep, Tag("<hitl>")]
    | Annotated[ToolStep, Tag("<tool>")]
    | Annotated[HttpStep, Tag("<http>")]
    | Annotated[SetStep, Tag("<set>")]
    | Annotated[FailStep, Tag("<fail>")]
    | Annotated[EachStep, Tag("<for_each>")]
    | Annotated[WorkflowStep, Tag("<workflow>")],
    Discriminator(step_kind),
]
"""An agent's call, a question to a person, or one of the steps that need neither."""
Task = Annotated[
    Annotated[AgentTask, Tag("<agent>")]
    | Annotated[HitlTask, Tag("<hitl>")]
    | Annotated[ToolTask, Tag("<tool>")]
    | Annotated[HttpTask, Tag("<http>")]
    | Annotated[SetTask, Tag("<set>")]
    | Annotated[FailTask, Tag("<fail>")]
    | Annotated[EachTask, Tag("<for_each>")]
    | Annotated[WorkflowTask, Tag("<workflow>")],
    Discriminator(step_kind),
]
"""A step of a workflow that others may depend on."""
