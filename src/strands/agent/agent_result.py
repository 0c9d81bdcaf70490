"""Where the Strands Agents SDK has the result of an agent."""

from strands.agent.result import AgentResult

__all__ = ["AgentResult"]
