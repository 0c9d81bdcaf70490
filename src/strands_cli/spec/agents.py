"""agents: a prompt, a model, tools, and who must say yes to which call."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from strands_cli.spec.asking import Rights
from strands_cli.spec.base import Closed, JsonSchema, Names, SecondsOrNone
from strands_cli.spec.times import Duration

TOOL_CHOICES = ("auto", "required", "any")
"""What may be said of how a model chooses a tool, besides which it must use."""


class Inference(Closed):
    """An agent's own model parameters."""

    temperature: float | None = Field(default=None, ge=0, le=2, description="Sampling temperature, 0 to 2.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="Share of probability to sample from, 0 to 1.")
    max_tokens: int | None = Field(default=None, ge=1, description="Tokens of a reply at most.")


class Approval(Rights):
    """Tool calls that run only after a person said yes to exactly these arguments."""

    tools: Names = Field(min_length=1, description="Globs over tool names; ! excludes, * is all.")
    when: str | None = Field(default=None, description="Expression over `args`; without one every call is asked for.")
    prompt: str | None = Field(default=None, description="Template of the question, over `args` and `tool`.")
    options: list[Literal["approve", "edit", "reject", "respond"]] = Field(
        default=["approve", "reject"],
        min_length=1,
        description="What a person may decide: edit the arguments; respond with a text that stands for the result.",
    )
    remember: Literal["never", "exact", "session", "always"] = Field(
        default="never",
        description="How far a yes may reach: this call; calls with the same arguments, or all of the tool, in this "
        "session; always: in later sessions too, until it is revoked.",
    )
    remember_for: Duration | None = Field(
        default=None, description="With always: how long it holds: seconds, or as 30d. Left out: until it is revoked."
    )
    timeout_seconds: SecondsOrNone | None = Field(
        default=None, description="Deadline of the question: seconds, or as 2h; 0: none."
    )
    default: Literal["approve", "reject"] | None = Field(
        default=None, description="What the deadline decides; left out, the run fails then."
    )

    @model_validator(mode="after")
    def _lasts(self) -> Approval:
        if self.remember_for is not None and self.remember != "always":
            raise ValueError("remember_for is about later sessions: it goes with remember: always")
        return self


class Going(Closed):
    """How an agent goes about a step."""

    tool_choice: str | None = Field(
        default=None,
        min_length=1,
        description="What its model must use: auto, required (some tool; any is another word for it) or a tool's id. "
        "It holds for the first call of the model in a step, and with end_on for all of them.",
    )
    end_on: Names | None = Field(
        default=None,
        min_length=1,
        description="Ids of tools: once one was called and did not fail, the step ends, and what the tool returned is "
        "its response, as data where it is JSON. tool_choice is then required unless it says otherwise.",
    )
    max_turns: int | None = Field(
        default=None, ge=1, description="How often its model may be called in a step; beyond it the step fails."
    )
    max_tool_calls: int | None = Field(
        default=None, ge=1, description="How many tool calls its model may ask for in a step; beyond it the step fails."
    )


class AgentSpec(Going):
    """An agent: who it is, what it may use."""

    prompt: str = Field(description="Template of the system prompt.")
    description: str | None = Field(default=None, description="What the agent is for; other agents and people read it.")
    tools: list[str] | None = Field(default=None, description="Tool ids; left out: all python and http tools declared.")
    provider: str | None = Field(default=None, description="The provider of its model, where it is not the runtime's.")
    model_id: str | None = Field(default=None, description="Its model, where it is not the runtime's.")
    inference: Inference | None = Field(
        default=None, description="How its model samples, where it is not the runtime's way."
    )
    input_schema: JsonSchema | None = Field(
        default=None, description="JSON Schema of what it is given, or a file that holds it."
    )
    output_schema: JsonSchema | None = Field(
        default=None, description="JSON Schema of its replies, which are data then, or a file that holds it."
    )
    approvals: list[Approval] = Field(
        default_factory=list, description="When a person is asked before it calls a tool; the first rule that applies."
    )
