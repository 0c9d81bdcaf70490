"""`ExecutionError`, the root of what can go wrong while a workflow runs, and `AgentCache`."""

from __future__ import annotations

from strands_cli.agents import AgentCache
from strands_cli.errors import ExecutionError

__all__ = ["AgentCache", "ExecutionError"]
