"""The Python API: workflows, builders, sessions. Names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands_cli.api.builders import ChainBuilder as ChainBuilder
    from strands_cli.api.builders import DagBuilder as DagBuilder
    from strands_cli.api.builders import EvaluatorOptimizerBuilder as EvaluatorOptimizerBuilder
    from strands_cli.api.builders import FluentBuilder as FluentBuilder
    from strands_cli.api.builders import GraphBuilder as GraphBuilder
    from strands_cli.api.builders import OrchestratorWorkersBuilder as OrchestratorWorkersBuilder
    from strands_cli.api.builders import ParallelBuilder as ParallelBuilder
    from strands_cli.api.builders import RoutingBuilder as RoutingBuilder
    from strands_cli.api.builders import WorkflowBuilder as WorkflowBuilder
    from strands_cli.api.session import Session as Session
    from strands_cli.api.session_manager import SessionManager as SessionManager
    from strands_cli.api.workflow import Workflow as Workflow

_BUILDERS = (
    "WorkflowBuilder",
    "DagBuilder",
    "FluentBuilder",
    "ChainBuilder",
    "ParallelBuilder",
    "RoutingBuilder",
    "GraphBuilder",
    "EvaluatorOptimizerBuilder",
    "OrchestratorWorkersBuilder",
)
_HOME = {"Workflow": "workflow", "SessionManager": "session_manager", "Session": "session"}
_HOME.update(dict.fromkeys(_BUILDERS, "builders"))

__all__ = ["Session", "SessionManager", "Workflow", *_BUILDERS]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
