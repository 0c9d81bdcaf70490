"""How a model is chosen out of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemPrompt
    from strands.types.tools import ToolSpec

    from .router import RoutingCandidate


@dataclass(frozen=True)
class RoutingAttempt:
    """A candidate that this invocation has used.

    Attributes:
        candidate: The candidate.
        exception: What its model raised, or None when it answered.
    """

    candidate: RoutingCandidate
    exception: Exception | None = None


@dataclass(frozen=True)
class RoutingContext:
    """What a choice may rest on.

    Attributes:
        messages: A copy of the conversation.
        system_prompt: A copy of the instructions.
        tool_specs: Copies of what the model is told about the tools.
        candidates: Those to choose from.
        invocation_state: What the caller of the agent passed along; not to be changed.
        attempts: What this invocation has tried, oldest first.
    """

    messages: Messages
    system_prompt: SystemPrompt | None
    tool_specs: Sequence[ToolSpec]
    candidates: Sequence[RoutingCandidate]
    invocation_state: Mapping[str, Any]
    attempts: Sequence[RoutingAttempt] = field(default_factory=tuple)


@runtime_checkable
class RoutingStrategy(Protocol):
    """Chooses the candidate that answers."""

    async def select(self, context: RoutingContext, **kwargs: Any) -> RoutingCandidate | None:
        """Choose a candidate: once before the first model call, and after each failed one.

        Args:
            context: What the choice may rest on.
            **kwargs: Room for more.

        Returns:
            One of `context.candidates`, or None: at first the default answers, after a failure its error is raised.
        """
        ...
