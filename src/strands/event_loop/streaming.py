"""A model's stream of events made a message, for models that are written by their users."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from strands.types.events import ModelStopReason, TypedEvent

if TYPE_CHECKING:
    import threading

    from strands.agent.invocation import Invocation
    from strands.types.streaming import StreamEvent


async def process_stream(
    chunks: AsyncIterable[StreamEvent], start_time: float | None = None, cancel_signal: threading.Event | None = None
) -> AsyncGenerator[TypedEvent, None]:
    """Yield what an agent tells its listeners while a model answers, and the answer at the end.

    Args:
        chunks: The model's events, as `Model.stream` yields them.
        start_time: Not used; the model's own latency is reported.
        cancel_signal: Stops reading when it is set.

    Yields:
        The model's events, texts and tool uses; at the end `{"stop": (stop reason, message, usage, metrics)}`.

    Raises:
        ModelUnavailableError: The stream ended in the middle of a tool use, or a tool's input is not a JSON object.
    """
    from strands.agent.reply import Gatherer

    heard: list[TypedEvent] = []
    gatherer = Gatherer(_listening(heard.append))
    async for chunk in chunks:
        if cancel_signal is not None and cancel_signal.is_set():
            break
        heard.append(TypedEvent({"event": chunk}))
        gatherer.take(chunk)
        for event in heard:
            yield event
        heard.clear()
    reply = gatherer.reply()
    yield ModelStopReason(reply.stop_reason, reply.message, reply.usage, reply.metrics)


def _listening(listener: Callable[[TypedEvent], None]) -> Invocation:
    """Return what stands for an agent's invocation: nobody's history is touched."""

    def sink(event: dict[str, Any]) -> None:
        event.pop("agent", None)
        listener(TypedEvent(event))

    nobody = SimpleNamespace(messages=[], _session_manager=None)
    return cast("Invocation", SimpleNamespace(sink=sink, state={}, agent=nobody))
