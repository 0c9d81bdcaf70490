"""What a graph or swarm can be asked."""

from strands.multiagent.base import MultiAgentInput

__all__ = ["MultiAgentInput"]
