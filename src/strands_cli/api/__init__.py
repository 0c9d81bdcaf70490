"""The Python API: workflows, builders, sessions. Names are imported when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli import owner

owner.check()

from strands._lazy import lazy  # noqa: E402 - of another distribution it is none

if TYPE_CHECKING:
    from strands_cli.api.builders import ChainBuilder as ChainBuilder
    from strands_cli.api.builders import DagBuilder as DagBuilder
    from strands_cli.api.builders import EvaluatorOptimizerBuilder as EvaluatorOptimizerBuilder
    from strands_cli.api.builders import FluentBuilder as FluentBuilder
    from strands_cli.api.builders import GraphBuilder as GraphBuilder
    from strands_cli.api.builders import OrchestratorWorkersBuilder as OrchestratorWorkersBuilder
    from strands_cli.api.builders import ParallelBuilder as ParallelBuilder
    from strands_cli.api.builders import PatternBuilder as PatternBuilder
    from strands_cli.api.builders import RoutingBuilder as RoutingBuilder
    from strands_cli.api.builders import WorkflowBuilder as WorkflowBuilder
    from strands_cli.api.session import Session as Session
    from strands_cli.api.session_manager import SessionManager as SessionManager
    from strands_cli.api.workflow import Workflow as Workflow
else:
    __getattr__, __dir__ = lazy(__name__)
