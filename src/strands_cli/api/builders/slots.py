"""Builders of patterns whose parts are there once."""

from __future__ import annotations

from typing import Any, ClassVar

from typing_extensions import Self

from strands_cli.api.builders.base import Builder, agent_step, any_step, given, hitl_step


class _Slots(Builder):
    """Parts that are there once."""

    def _put(self, name: str, part: Any) -> Self:
        self._config[name] = self._checked({name: part}, (name,), part)
        return self


class EvaluatorOptimizerBuilder(_Slots):
    """One agent drafts, another scores, until a draft is good enough."""

    pattern_type: ClassVar[str] = "evaluator_optimizer"

    def with_producer(self, agent: str) -> Self:
        """Set the agent that writes the drafts."""
        return self._put("producer", agent)

    def with_evaluator(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Set the agent that scores them; settings as for a step."""
        return self._put("evaluator", agent_step(agent, input, settings))

    def with_accept(self, min_score: float, max_iters: int | None = None) -> Self:
        """Set the score (0 to 100) that is good enough, and how many drafts there may be."""
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


class OrchestratorWorkersBuilder(_Slots):
    """One agent splits the work, workers do it at once, another puts it together."""

    pattern_type: ClassVar[str] = "orchestrator_workers"

    def with_orchestrator(
        self,
        agent: str,
        input: str | None = None,
        *,
        max_workers: int | None = None,
        max_rounds: int | None = None,
        **settings: Any,
    ) -> Self:
        """Set the agent that splits the work.

        Args:
            max_workers: Workers at once.
            max_rounds: How often it may hand out work.
            settings: As for a step.
        """
        limits = given(max_workers=max_workers, max_rounds=max_rounds)
        return self._put(
            "orchestrator", {**agent_step(agent, input, settings), **({"limits": limits} if limits else {})}
        )

    def with_worker(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Set the agent that does a task; without `input` it is told the task. Settings: tools, timeout_s."""
        return self._put("worker_template", agent_step(agent, input, settings))

    def with_decomposition_review(self, prompt: str, **settings: Any) -> Self:
        """Have a person see the plan before it runs."""
        return self._put("decomposition_review", hitl_step(prompt, settings))

    def with_reduce_review(self, prompt: str, **settings: Any) -> Self:
        """Have a person see the results before they are put together."""
        return self._put("reduce_review", hitl_step(prompt, settings))

    def with_reduce(self, agent: str | None = None, input: str | None = None, **settings: Any) -> Self:
        """Set the step that puts the results together: an agent's, or with `prompt` a question to a person."""
        return self._put("reduce", any_step(agent, input, settings))

    def with_writeup(self, agent: str | None = None, input: str | None = None, **settings: Any) -> Self:
        """Set the last step: an agent's, or with `prompt` a question to a person."""
        return self._put("writeup", any_step(agent, input, settings))

    orchestrator = with_orchestrator
    worker = with_worker
    reduce = with_reduce
    writeup = with_writeup
    decomposition_review = with_decomposition_review
    reduce_review = with_reduce_review
