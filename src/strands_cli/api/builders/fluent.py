"""The builder that chooses its pattern as it goes."""

from __future__ import annotations

from typing import TypeVar

from strands_cli.api.builders.any_pattern import PatternBuilder
from strands_cli.api.builders.base import Builder, Part, wrong
from strands_cli.api.builders.chain import ChainBuilder
from strands_cli.api.builders.evaluator_optimizer import EvaluatorOptimizerBuilder
from strands_cli.api.builders.graph import GraphBuilder
from strands_cli.api.builders.orchestrator_workers import OrchestratorWorkersBuilder
from strands_cli.api.builders.parallel import ParallelBuilder
from strands_cli.api.builders.routing import RoutingBuilder
from strands_cli.api.builders.workflow import WorkflowBuilder

_B = TypeVar("_B", bound=Builder)


class FluentBuilder(Builder):
    """Begins with what all patterns share; `chain()` and its like go on with one pattern, in short names."""

    def chain(self) -> ChainBuilder:
        """Go on with steps."""
        return self._into(ChainBuilder)

    def workflow(self) -> WorkflowBuilder:
        """Go on with tasks."""
        return self._into(WorkflowBuilder)

    def parallel(self) -> ParallelBuilder:
        """Go on with branches."""
        return self._into(ParallelBuilder)

    def routing(self) -> RoutingBuilder:
        """Go on with a router and its routes."""
        return self._into(RoutingBuilder)

    def graph(self) -> GraphBuilder:
        """Go on with nodes and edges."""
        return self._into(GraphBuilder)

    def evaluator_optimizer(self) -> EvaluatorOptimizerBuilder:
        """Go on with a producer and an evaluator."""
        return self._into(EvaluatorOptimizerBuilder)

    def orchestrator_workers(self) -> OrchestratorWorkersBuilder:
        """Go on with an orchestrator and its workers."""
        return self._into(OrchestratorWorkersBuilder)

    dag = workflow

    def pattern(self, type: str) -> PatternBuilder:
        """Go on with any pattern, part by part: one of this build, or of another package.

        Raises:
            SchemaValidationError: There is no such pattern.
        """
        return self._go_on(PatternBuilder(self._data["name"], type))

    def to_dict(self) -> Part:
        """Raise: without a pattern there is nothing to run."""
        from strands_cli.spec.registry import own_patterns

        hint = f"call {', '.join(f'{name}()' for name in own_patterns())} or pattern('...')"
        raise wrong(f"workflow {self._data['name']!r} has no pattern yet", hint=hint)

    def _into(self, kind: type[_B]) -> _B:
        return self._go_on(kind(self._data["name"]))

    def _go_on(self, builder: _B) -> _B:
        builder._data = self._data
        return builder
