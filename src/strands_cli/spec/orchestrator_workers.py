"""orchestrator_workers: one agent splits the work, workers do it at once, another puts it together."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from strands_cli.loader.words import words
from strands_cli.spec.agents import Going
from strands_cli.spec.base import Closed
from strands_cli.spec.flow import CallTimeout, OnFailure
from strands_cli.spec.roles import AgentId, StepModel, Template, ToolIds
from strands_cli.spec.steps import AgentCall, HttpStep, Review, Step, ToolStep, step_kind

SAYS = "an orchestrator makes tasks, workers do them"
SOFT_NAMES = words(
    "subtasks task_count orchestrator_response workers num_workers round_count reduce_response "
    "worker_count writeup_response task subtask index decomposition tasks rounds round max_workers"
)


class Limits(Closed):
    """How many workers run at once, and how often the orchestrator may hand out more work."""

    max_workers: int | None = Field(default=None, ge=1, le=1000, description="How many workers run at once.")
    max_rounds: int = Field(default=1, ge=1, le=1000, description="How often the orchestrator may hand out work.")


class Orchestrator(AgentCall):
    """The agent that answers with a JSON array of tasks."""

    limits: Limits = Field(default_factory=Limits, description="How many workers run at once, and in how many rounds.")


class WorkerTemplate(StepModel, Going):
    """The agent that does a task; as many of them as there are tasks."""

    agent: AgentId = Field(description="Id of an agent of this spec.")
    input: Template | None = Field(default=None, description="Template of the message; without one the task's text.")
    tools: ToolIds | None = Field(default=None, description="Tool ids that replace the agent's own.")
    tool_overrides: ToolIds | None = Field(default=None, description="Another name for `tools`.")
    timeout_s: CallTimeout | None = Field(default=None, description="Limit for each call: seconds, or a template.")
    on_failure: OnFailure = "fail"
    description: str | None = Field(default=None, description="What it is for; drawings show it.")


Worker = Annotated[
    Annotated[WorkerTemplate, Tag("<agent>")] | Annotated[ToolStep, Tag("<tool>")] | Annotated[HttpStep, Tag("<http>")],
    Discriminator(step_kind),
]


class OrchestratorWorkersConfig(Closed):
    """An orchestrator, its workers, and the steps that bring their results together."""

    orchestrator: Orchestrator = Field(description="The agent that hands out the work.")
    decomposition_review: Review | None = Field(default=None, description="A person sees the plan before it runs.")
    worker_template: Worker = Field(description="What does a task: an agent, or a tool or request without one.")
    reduce_review: Review | None = Field(
        default=None, description="A person sees the results before they are put together."
    )
    reduce: Step | None = Field(default=None, description="A step that brings the workers' results together.")
    writeup: Step | None = Field(default=None, description="A step that writes up what came of it.")
