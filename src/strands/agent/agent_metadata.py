"""What a model is told of the agent that asks it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AgentMetadata:
    """What a model is told of the agent that asks it, as models of the Strands Agents SDK take it.

    Attributes:
        session_id: The session that keeps the agent; None when none does.
    """

    session_id: str | None = None
