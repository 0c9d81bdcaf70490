"""The builder of an orchestrator and its workers."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import agent_step, any_step, given, hitl_step
from strands_cli.api.builders.config import ConfigBuilder


class OrchestratorWorkersBuilder(ConfigBuilder):
    """One agent splits the work, workers do it at once, another puts it together."""

    pattern_type = "orchestrator_workers"

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
        step = agent_step(agent, input, settings)
        return self._put("orchestrator", {**step, "limits": limits} if limits else step)

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
    worker_template = with_worker
    reduce = with_reduce
    reduce_step = with_reduce
    writeup = with_writeup
    writeup_step = with_writeup
    decomposition_review = with_decomposition_review
    reduce_review = with_reduce_review
