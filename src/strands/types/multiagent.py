"""What a graph or swarm can be asked."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of
from strands.multiagent.base import MultiAgentInput

__all__ = ["MultiAgentInput"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
