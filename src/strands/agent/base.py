"""What anything that acts as an agent can be asked to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from strands._elsewhere import names_of

if TYPE_CHECKING:
    from strands.agent.result import AgentResult
    from strands.types.agent import AgentInput


@runtime_checkable
class AgentBase(Protocol):
    """Takes a prompt and returns a result: at once, awaited, or as a stream of events."""

    def __call__(self, prompt: AgentInput = None, **kwargs: Any) -> AgentResult:
        """Work on a prompt and return the result."""
        ...

    async def invoke_async(self, prompt: AgentInput = None, **kwargs: Any) -> AgentResult:
        """Work on a prompt and return the result."""
        ...

    def stream_async(self, prompt: AgentInput = None, **kwargs: Any) -> AsyncIterator[Any]:
        """Work on a prompt and yield events, the result last."""
        ...


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
