"""Agents that stop and ask a person, and never lose the answer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from strands_cli.api import ChainBuilder as ChainBuilder
    from strands_cli.api import DagBuilder as DagBuilder
    from strands_cli.api import EvaluatorOptimizerBuilder as EvaluatorOptimizerBuilder
    from strands_cli.api import FluentBuilder as FluentBuilder
    from strands_cli.api import GraphBuilder as GraphBuilder
    from strands_cli.api import OrchestratorWorkersBuilder as OrchestratorWorkersBuilder
    from strands_cli.api import ParallelBuilder as ParallelBuilder
    from strands_cli.api import RoutingBuilder as RoutingBuilder
    from strands_cli.api import SessionManager as SessionManager
    from strands_cli.api import Workflow as Workflow
    from strands_cli.api import WorkflowBuilder as WorkflowBuilder

    from .agent.agent import Agent
    from .agent.base import AgentBase
    from .agent.result import AgentResult
    from .agent.snapshot import Snapshot
    from .event_loop.retry import ModelRetryStrategy
    from .interventions.handler import InterventionHandler
    from .plugins.multiagent_plugin import MultiAgentPlugin
    from .plugins.plugin import Plugin
    from .tools.decorator import tool
    from .types.agent import LocalAgent
    from .types.tools import ToolContext
    from .vended_plugins.skills import AgentSkills, Skill

_HOMES = {
    "Agent": ".agent.agent",
    "AgentBase": ".agent.base",
    "AgentResult": ".agent.result",
    "AgentSkills": ".vended_plugins.skills",
    "InterventionHandler": ".interventions.handler",
    "ModelRetryStrategy": ".event_loop.retry",
    "LocalAgent": ".types.agent",
    "MultiAgentPlugin": ".plugins.multiagent_plugin",
    "Plugin": ".plugins.plugin",
    "Skill": ".vended_plugins.skills",
    "Snapshot": ".agent.snapshot",
    "ToolContext": ".types.tools",
    "tool": ".tools.decorator",
}
_SUBMODULES = frozenset(
    {
        "agent",
        "event_loop",
        "handlers",
        "hooks",
        "interrupt",
        "interventions",
        "models",
        "multiagent",
        "plugins",
        "session",
        "storage",
        "telemetry",
        "tools",
        "types",
        "vended_plugins",
        "vended_tools",
    }
)
_WORKFLOWS = frozenset(
    {
        "ChainBuilder",
        "DagBuilder",
        "EvaluatorOptimizerBuilder",
        "FluentBuilder",
        "GraphBuilder",
        "OrchestratorWorkersBuilder",
        "ParallelBuilder",
        "RoutingBuilder",
        "SessionManager",
        "Workflow",
        "WorkflowBuilder",
    }
)

__all__ = [
    "Agent",
    "AgentBase",
    "AgentResult",
    "AgentSkills",
    "InterventionHandler",
    "LocalAgent",
    "ModelRetryStrategy",
    "MultiAgentPlugin",
    "Plugin",
    "Skill",
    "Snapshot",
    "ToolContext",
    "__version__",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name], __name__), name)
    elif name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    elif name in _WORKFLOWS:
        value = getattr(import_module("strands_cli.api"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES, *_WORKFLOWS})
