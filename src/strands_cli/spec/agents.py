"""agents: a prompt, a model, tools, and who must say yes to which call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from strands_cli.spec.asking import Rights
from strands_cli.spec.base import Closed, Names, SecondsOrNone, check_json_schema
from strands_cli.spec.times import Duration


class Inference(Closed):
    """An agent's own model parameters."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)


class Approval(Rights):
    """Tool calls that run only after a person said yes to exactly these arguments."""

    tools: Names = Field(min_length=1, description="Globs over tool names; ! excludes, * is all.")
    when: str | None = Field(default=None, description="Expression over `args`; without one every call is asked for.")
    prompt: str | None = Field(default=None, description="Template of the question, over `args` and `tool`.")
    options: list[Literal["approve", "edit", "reject"]] = Field(default=["approve", "reject"], min_length=1)
    remember: Literal["never", "exact", "session", "always"] = Field(
        default="never",
        description="How far a yes may reach: this call; calls with the same arguments, or all of the tool, in this "
        "session; always: in later sessions too, until it is revoked.",
    )
    remember_for: Duration | None = Field(
        default=None, description="With always: how long it holds: seconds, or as 30d. Left out: until it is revoked."
    )
    timeout_seconds: SecondsOrNone | None = None
    default: Literal["approve", "reject"] | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Approval:
        if self.remember_for is not None and self.remember != "always":
            raise ValueError("remember_for is about later sessions: it goes with remember: always")
        return self


class AgentSpec(Closed):
    """An agent: who it is, what it may use."""

    prompt: str = Field(description="Template of the system prompt.")
    description: str | None = None
    tools: list[str] | None = Field(default=None, description="Tool ids; left out: all python and http tools declared.")
    provider: str | None = None
    model_id: str | None = None
    inference: Inference | None = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    approvals: list[Approval] = Field(default_factory=list)

    @field_validator("input_schema", "output_schema")
    @classmethod
    def _is_schema(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            check_json_schema(value)
        return value
