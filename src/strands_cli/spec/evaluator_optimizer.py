"""evaluator_optimizer: one agent drafts, another scores, until the score is good enough."""

from __future__ import annotations

from pydantic import Field

from strands_cli.loader.words import words
from strands_cli.spec.base import Closed
from strands_cli.spec.roles import AgentId, Results, Template
from strands_cli.spec.steps import Evaluator, Review

SAYS = "drafts are revised until an evaluator accepts one"
SOFT_NAMES = words(
    "draft iteration evaluation iterations current_draft current_evaluation "
    "iteration_index iteration_count total_iterations final_score score issues fixes feedback min_score max_iters"
)
_EVALUATION = Results(("score", "issues", "fixes"), single=True)
RESULTS = {"evaluation": _EVALUATION, "current_evaluation": _EVALUATION}


class Accept(Closed):
    """When a draft is good enough, and how often to try."""

    min_score: float = Field(ge=0, le=100, description="The score, of 0 to 100, with which a draft is accepted.")
    max_iters: int = Field(default=3, ge=1, le=1000, description="How many drafts are written at most.")


class EvaluatorOptimizerConfig(Closed):
    """A producer, an evaluator, and what counts as accepted."""

    producer: AgentId = Field(description="Id of the agent that writes the drafts.")
    evaluator: Evaluator = Field(description="What scores them: an agent, or a tool or request without one.")
    accept: Accept = Field(description="When a draft is good enough, and when to give up.")
    revise_prompt: Template | None = Field(
        default=None, description="Template of the message that asks for a better draft."
    )
    review_gate: Review | None = Field(default=None, description="A person sees each draft that was not accepted.")
