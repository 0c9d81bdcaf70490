"""The builder of drafts that an evaluator scores."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import agent_step, given, hitl_step
from strands_cli.api.builders.config import ConfigBuilder


class EvaluatorOptimizerBuilder(ConfigBuilder):
    """One agent drafts, another scores, until a draft is good enough."""

    pattern_type = "evaluator_optimizer"

    def with_producer(self, agent: str) -> Self:
        """Set the agent that writes the drafts."""
        return self._put("producer", agent)

    def with_evaluator(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Set the agent that scores them; settings as for a step."""
        return self._put("evaluator", agent_step(agent, input, settings))

    def with_accept(self, min_score: float, max_iters: int | None = None, *, max_iterations: int | None = None) -> Self:
        """Set the score (0 to 100) that is good enough, and how many drafts there may be, by either name."""
        max_iters = max_iterations if max_iters is None else max_iters
        return self._put("accept", {"min_score": min_score, **given(max_iters=max_iters)})

    def with_revise_prompt(self, template: str) -> Self:
        """Set the template of the message that asks for a better draft."""
        return self._put("revise_prompt", template)

    def with_review_gate(self, prompt: str, **settings: Any) -> Self:
        """Have a person see each draft that was not accepted."""
        return self._put("review_gate", hitl_step(prompt, settings))

    producer = with_producer
    evaluator = with_evaluator
    accept = with_accept
    revise_prompt = with_revise_prompt
    hitl = with_review_gate
