"""Workflows made in Python, call by call, instead of in YAML: a builder for each pattern; all make the same `Spec`."""

from __future__ import annotations

from strands_cli.api.builders.any_pattern import PatternBuilder
from strands_cli.api.builders.chain import ChainBuilder
from strands_cli.api.builders.evaluator_optimizer import EvaluatorOptimizerBuilder
from strands_cli.api.builders.fluent import FluentBuilder
from strands_cli.api.builders.graph import GraphBuilder
from strands_cli.api.builders.orchestrator_workers import OrchestratorWorkersBuilder
from strands_cli.api.builders.parallel import ParallelBuilder
from strands_cli.api.builders.routing import RoutingBuilder
from strands_cli.api.builders.workflow import DagBuilder, WorkflowBuilder

__all__ = [
    "ChainBuilder",
    "DagBuilder",
    "EvaluatorOptimizerBuilder",
    "FluentBuilder",
    "GraphBuilder",
    "OrchestratorWorkersBuilder",
    "ParallelBuilder",
    "PatternBuilder",
    "RoutingBuilder",
    "WorkflowBuilder",
]
