"""Several agents at work on one task: in a graph that says who follows whom, or in a swarm that decides itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

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
else:
    __getattr__, __dir__ = lazy(__name__)
