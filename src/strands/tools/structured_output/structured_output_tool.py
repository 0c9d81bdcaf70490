"""Where the Strands Agents SDK has it."""

from strands.agent.structured import StructuredOutputTool

__all__ = ["StructuredOutputTool"]
