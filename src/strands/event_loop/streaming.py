"""A model's stream of events made a message, for models that are written by their users."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands._tracking import shown_to
from strands.types.events import ModelStopReason, TypedEvent

from .pieces import (
    extract_usage_metrics,
    handle_content_block_delta,
    handle_content_block_start,
    handle_content_block_stop,
    handle_message_start,
    handle_message_stop,
    handle_redact_content,
    remove_blank_messages_content_text,
)

if TYPE_CHECKING:
    import threading

    from strands.models.model import Model
    from strands.types.content import Message, Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolSpec

__all__ = [
    "extract_usage_metrics",
    "handle_content_block_delta",
    "handle_content_block_start",
    "handle_content_block_stop",
    "handle_message_start",
    "handle_message_stop",
    "handle_redact_content",
    "process_stream",
    "remove_blank_messages_content_text",
    "stream_messages",
]


async def process_stream(
    chunks: AsyncIterable[StreamEvent], start_time: float | None = None, cancel_signal: threading.Event | None = None
) -> AsyncGenerator[TypedEvent, None]:
    """Yield what an agent tells its listeners while a model answers, and the answer at the end.

    Args:
        chunks: The model's events, as `Model.stream` yields them.
        start_time: When the model was asked, as `time.time()` says; left out, now.
        cancel_signal: Stops reading when it is set.

    Yields:
        The model's events, texts and tool uses; at the end `{"stop": (stop reason, message, usage, metrics)}`.

    Raises:
        ModelUnavailableError: The stream ended in the middle of a tool use.
    """
    from strands._core.listening import builder_for

    heard: list[TypedEvent] = []
    gatherer = builder_for(lambda event: heard.append(TypedEvent(event)))
    asked = time.time() if start_time is None else start_time
    first: int | None = None
    async for chunk in chunks:
        first = int((time.time() - asked) * 1000) if first is None else first
        if cancel_signal is not None and cancel_signal.is_set():
            break
        heard.append(TypedEvent({"event": chunk}))
        gatherer.take(chunk)
        for event in heard:
            yield event
        heard.clear()
    reply = gatherer.reply()
    metrics: Any = {"timeToFirstByteMs": first or 0, **reply.metrics}
    yield ModelStopReason(reply.stop_reason, reply.message, reply.usage, metrics)


async def stream_messages(
    model: Model,
    system_prompt: str | None,
    messages: Messages,
    tool_specs: list[ToolSpec],
    *,
    tool_choice: Any = None,
    system_prompt_content: list[SystemContentBlock] | None = None,
    invocation_state: dict[str, Any] | None = None,
    cancel_signal: threading.Event | None = None,
    **kwargs: Any,
) -> AsyncGenerator[TypedEvent, None]:
    """Ask a model and yield what `process_stream` yields of its answer.

    Args:
        model: The model.
        system_prompt: Instructions that stand before the conversation.
        messages: The conversation.
        tool_specs: The tools that the model may use.
        tool_choice: Which of them it must use.
        system_prompt_content: The instructions as content blocks.
        invocation_state: Handed on to the model.
        cancel_signal: Stops reading when it is set.
        **kwargs: Handed on to the model.
    """
    shown = shown_to(model, _readable(messages))
    more = {"model_state": None, "agent_metadata": None, **kwargs}
    stream = model.stream(
        shown,
        tool_specs or None,
        system_prompt,
        tool_choice=tool_choice,
        system_prompt_content=system_prompt_content,
        invocation_state=invocation_state,
        cancel_signal=cancel_signal,
        **more,
    )
    async for event in process_stream(stream, time.time(), cancel_signal):
        yield event


def _readable(messages: Messages) -> Messages:
    """Return a conversation without what providers refuse: blank texts, tools of names that no tool can have."""
    from strands._core.reply_builder import INVALID_NAME, NAME

    def named(block: Any) -> Any:
        use = block.get("toolUse")
        if use is None or NAME.match(use.get("name", "")):
            return block
        return {**block, "toolUse": {**use, "name": INVALID_NAME}}

    copies: list[Message] = [{**message, "content": list(map(named, message["content"]))} for message in messages]
    return remove_blank_messages_content_text(copies)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
