"""What the parts of an agent need of it. Only for type checkers: `strands.agent.agent.Agent` is what they get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from strands.types.agent import LocalAgent

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from strands._core.context_size import Asked
    from strands._core.recorder import OpenTurn, Recorder
    from strands._core.turn import Cancellation, Turn
    from strands.event_loop.retry import ModelRetryStrategy
    from strands.models.routing.router import ModelRouter
    from strands.tools.executors import ToolExecutor
    from strands.types.agent import ConcurrentInvocationMode
    from strands.types.content import Messages, SystemContentBlock, SystemPrompt


class Host(LocalAgent, Protocol):
    """An agent, seen from what works inside it; public attributes as `Agent` describes them.

    Attributes:
        turn: What it waits for, which tools are open, who works on it.
        cancellation: The wish that it stops.
        recorder: Is told of everything that it does, or None.
        model_state: What a model whose provider keeps the conversation must be given.
    """

    turn: Turn
    cancellation: Cancellation
    recorder: Recorder | None
    model_state: dict[str, Any]
    callback_handler: Callable[..., Any] | None
    record_direct_tool_call: bool
    tool_executor: ToolExecutor
    concurrent_invocation_mode: ConcurrentInvocationMode
    trace_attributes: dict[str, Any]
    _router: ModelRouter | None
    _retry_strategy: ModelRetryStrategy | None
    _last_projection: Asked | None
    _structured_output_model: type[BaseModel] | None
    _structured_output_prompt: str | None
    _system_blocks: list[SystemContentBlock] | None

    @property
    def system_prompt(self) -> str | None:
        """The system prompt as text."""

    @system_prompt.setter
    def system_prompt(self, value: SystemPrompt) -> None: ...

    @property
    def conversation_manager(self) -> Any:
        """The `ConversationManager`; any object with `reduce_context` will do."""

    @property
    def _session_manager(self) -> Any:
        """The `SessionManager`, or None; what a manager of another kind lacks is left out."""

    @property
    def _system_text(self) -> str | None:
        """The system prompt as text."""

    def restore(self, messages: Messages, turn: OpenTurn | None = None) -> None:
        """Put the agent where a recorded one stopped."""
