"""runtime: the provider, the model, and the limits of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from strands_cli.capability.providers import PROVIDERS
from strands_cli.spec.asking import Rights
from strands_cli.spec.base import Closed, Lazy, Seconds, SecondsOrNone

if TYPE_CHECKING:
    from strands_cli.spec.prices import Price
else:
    Price = Annotated[Any, Lazy("strands_cli.spec.prices:Price")]


class Budgets(Rights):
    """What a run may use. Time spent waiting for people does not count.

    Looked at before each call, inside a call after each reply that asks for tools, and once more when all is done.
    A call under way ends when the seconds are used up.
    """

    max_steps: int | None = Field(default=None, ge=1, description="Agent calls.")
    max_tokens: int | None = Field(
        default=None, ge=1, description="Tokens in and out, as the provider counts them, summaries included."
    )
    max_cost: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="US dollars, by the prices of the models; each model needs one.",
    )
    max_duration_s: Seconds | None = Field(default=None, description="Seconds of running.")
    warn_threshold: float = Field(default=0.8, ge=0, le=1, description="Share of a budget at which to warn.")
    on_exceed: Literal["fail", "ask"] = Field(
        default="fail",
        description="What happens when one is used up: the run fails (fail), or a person may extend it (ask).",
    )
    timeout_seconds: SecondsOrNone | None = Field(
        default=None, description="Deadline, in seconds, of the question whether to extend it; 0: none."
    )


class FailurePolicy(Closed):
    """How often and how soon a failed call is tried again."""

    retries: int = Field(
        default=2, ge=0, le=100, description="How often a call that failed for a passing reason is tried again."
    )
    backoff: Literal["constant", "exponential", "jittered"] = Field(
        default="exponential", description="How the waits between tries grow."
    )
    wait_min: SecondsOrNone = Field(default=1, description="The shortest wait: seconds.")
    wait_max: SecondsOrNone = Field(default=60, description="The longest wait: seconds.")

    @model_validator(mode="after")
    def _ordered(self) -> FailurePolicy:
        if self.wait_min > self.wait_max:
            raise ValueError(f"wait_min ({self.wait_min:g}) is more than wait_max ({self.wait_max:g})")
        return self


class Runtime(Closed):
    """Which model answers, and within which limits."""

    provider: str = Field(min_length=1, description=f"{', '.join(PROVIDERS)}, or an entry point.")
    model_id: str | None = Field(default=None, description="The model; left out: the provider's usual one.")
    region: str | None = Field(default=None, description="The region of the provider's cloud.")
    host: str | None = Field(default=None, description="Base URL of the provider.")
    temperature: float | None = Field(default=None, ge=0, le=2, description="Sampling temperature, 0 to 2.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="Share of probability to sample from, 0 to 1.")
    max_tokens: int | None = Field(default=None, ge=1, description="Tokens of a reply at most.")
    max_parallel: int | None = Field(default=None, ge=1, description="Agent calls at once in the whole run.")
    timeout_s: Seconds | None = Field(default=None, description="Limit of each agent call, in seconds.")
    budgets: Budgets | None = Field(default=None, description="Limits of a whole run.")
    prices: dict[str, Price] = Field(
        default_factory=dict, description="Model id to what it costs, over the known prices."
    )
    failure_policy: FailurePolicy = Field(
        default_factory=FailurePolicy, description="How often, and after which waits, failed calls are tried again."
    )
