"""Several agents at work on one task: in a graph that says who follows whom, or in a swarm that decides itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import MultiAgentBase as MultiAgentBase
    from .base import MultiAgentResult as MultiAgentResult
    from .base import NodeResult as NodeResult
    from .base import Status as Status
    from .builder import GraphBuilder as GraphBuilder
    from .graph import EdgeCondition as EdgeCondition
    from .graph import EdgeConditionWithContext as EdgeConditionWithContext
    from .graph import Graph as Graph
    from .graph import GraphResult as GraphResult
    from .swarm import Swarm as Swarm
    from .swarm import SwarmResult as SwarmResult

_HOMES = {
    "EdgeCondition": "graph",
    "EdgeConditionWithContext": "graph",
    "Graph": "graph",
    "GraphBuilder": "builder",
    "GraphResult": "graph",
    "MultiAgentBase": "base",
    "MultiAgentResult": "base",
    "NodeResult": "base",
    "Status": "base",
    "Swarm": "swarm",
    "SwarmResult": "swarm",
}
__all__ = [
    "EdgeCondition",
    "EdgeConditionWithContext",
    "Graph",
    "GraphBuilder",
    "GraphResult",
    "MultiAgentBase",
    "MultiAgentResult",
    "NodeResult",
    "Status",
    "Swarm",
    "SwarmResult",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
