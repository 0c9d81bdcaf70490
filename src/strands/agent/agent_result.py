"""Where the Strands Agents SDK has the result of an agent."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of
from strands.agent.result import AgentResult

__all__ = ["AgentResult"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
