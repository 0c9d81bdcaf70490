"""Steps that need neither an agent nor a person: a tool's call, a request, data that is put together, a failure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from strands_cli.spec.agents import Approval
from strands_cli.spec.base import Closed, Names
from strands_cli.spec.flow import CallTimeout, Flow, OnFailure, OnReject
from strands_cli.spec.roles import DATA, Data, StepModel, Template, ToolId, Variables
from strands_cli.spec.steps import Depending, Step


class StepApproval(Approval):
    """A step's call that is made only after a person said yes to exactly these arguments."""

    tools: Names = Field(default=["*"], min_length=1, description="Globs over tool names; the step's tool by default.")


class _Act(StepModel, Flow):
    """What steps without an agent have in common."""

    vars: Variables = Field(default_factory=dict, description="Names for this step's templates; texts are templates.")
    description: str | None = Field(default=None, description="What it is for; drawings show it.")


class _Call(_Act):
    """What is done to the world: it may need a person's consent, and may fail."""

    timeout_s: CallTimeout | None = Field(default=None, description="Limit for this call: seconds, or a template.")
    approvals: list[StepApproval] = Field(
        default_factory=list, description="When a person is asked before the call is made; the first that applies."
    )
    on_reject: OnReject = Field(
        default="stop",
        description="When that person says no: the run fails (stop), goes on (continue), or goes on elsewhere (to).",
    )


class ToolStep(_Call):
    """A tool is called, and no model; what it returns is the response, as data where it is JSON."""

    tool: ToolId = Field(min_length=1, description="Id of a tool: built in, declared under tools, or of an mcp server.")
    args: Data = Field(
        default_factory=dict,
        description="Its arguments. Texts are templates; one that is {{ nothing else }} keeps its type.",
    )


class StepRequest(Closed):
    """An HTTP request."""

    url: Template = Field(min_length=1, description="Template of the whole URL, with https:// or http://.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = Field(
        default="GET", description="The method."
    )
    headers: Data = Field(default_factory=dict, description="Headers to send; texts are templates.")
    params: Data = Field(default_factory=dict, description="Parameters to add to the query; texts are templates.")
    json_data: Annotated[Any, DATA] = Field(default=None, description="What to send as JSON; texts are templates.")
    body: Template | None = Field(default=None, description="What to send as it is, instead of json_data: a template.")


class HttpStep(_Call):
    """A request is sent, and no model called; an answer of 400 or more is a failure."""

    http: StepRequest = Field(
        description="The request. Its answer is the response: status, body (data where it is JSON)."
    )


class SetStep(_Act):
    """Data is put together; it is the response."""

    set: Data = Field(description="The data. Texts are templates; one that is {{ nothing else }} keeps its type.")
    memory: str | None = Field(
        default=None, description="A memory that keeps the data for later runs: each name replaces what was there."
    )


class FailStep(StepModel, Flow):
    """The run fails here."""

    type: Literal["fail"] = Field(description="That it is a step at which the run fails.")
    message: Template = Field(min_length=1, description="Template of the reason.")
    exit_code: int = Field(default=10, ge=1, le=125, description="What the command line exits with.")
    description: str | None = Field(default=None, description="What it is for; drawings show it.")


class EachStep(StepModel, Flow):
    """Steps that are done for each item of a list, the items side by side."""

    for_each: Annotated[Any, DATA] = Field(description="The list: a template of one, or its items.")
    as_: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")] = Field(
        default="item", alias="as", description="What templates call the item; `index` is its number."
    )
    steps: list[Step] = Field(min_length=1, description="What is done with an item, one step after the other.")
    max_parallel: int | None = Field(default=None, ge=1, description="Calls at once for these items.")
    on_failure: OnFailure = "fail"
    description: str | None = Field(default=None, description="What it is for; drawings show it.")


class WorkflowStep(_Act):
    """Another workflow is run as a step; what it comes to is the response, as data where it is JSON."""

    workflow: str = Field(
        min_length=1, pattern=r"^[^:]+$", description="Path of its file, relative to this one; or a key of workflows."
    )
    inputs: Data = Field(
        default_factory=dict,
        description="Its variables. Texts are templates; one that is {{ nothing else }} keeps its type.",
    )


class WorkflowTask(WorkflowStep, Depending):
    """A task of a workflow that runs another workflow."""


class EachTask(EachStep, Depending):
    """A task of a workflow that is done for each item of a list."""


class ToolTask(ToolStep, Depending):
    """A task of a workflow that calls a tool."""


class HttpTask(HttpStep, Depending):
    """A task of a workflow that sends a request."""


class SetTask(SetStep, Depending):
    """A task of a workflow that puts data together."""


class FailTask(FailStep, Depending):
    """A task at which the workflow fails."""
