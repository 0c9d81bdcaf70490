"""The loop as a generator of events, for code that drives an agent itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types._events import EventLoopStopEvent
from strands.types.events import TypedEvent

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.types.agent import Limits

MAX_ATTEMPTS = 6
INITIAL_DELAY = 4
MAX_DELAY = 240


async def event_loop_cycle(
    agent: Agent,
    invocation_state: dict[str, Any],
    structured_output_context: Any = None,
    limits: Limits | None = None,
) -> AsyncGenerator[TypedEvent, None]:
    """Work on an agent's history until it stops. Its prompt stands in the history already; no lock is taken.

    Args:
        agent: The agent.
        invocation_state: What the caller passes along; shared with hooks and tools.
        structured_output_context: What holds the pydantic model that the answer must produce, as
            `structured_output_model`; None requests no structure.
        limits: Where to stop by itself.

    Yields:
        What the agent tells its listeners; at the end `{"stop": ...}` with the stop reason, the message, the metrics,
        the request state, the interrupts and the structured output.

    Raises:
        Exception: As a call of the agent.
    """
    from strands._core import loop
    from strands._core.invocation import Invocation
    from strands._core.structured_output import StructuredOutput

    model = getattr(structured_output_context, "structured_output_model", None)
    events: deque[TypedEvent] = deque()
    arrived = asyncio.Event()

    def sink(event: dict[str, Any]) -> None:
        events.append(TypedEvent(event))
        arrived.set()

    async def work() -> TypedEvent:
        invocation_state.setdefault("agent", agent)
        invocation_state.setdefault("request_state", {})
        structure = StructuredOutput(model) if model is not None else None
        result = await loop.run(Invocation(agent, invocation_state, sink, structure, limits), agent.turn.open)
        stop = (result.stop_reason, result.message, result.metrics, result.state)
        return EventLoopStopEvent(*stop, result.interrupts, result.structured_output)

    task = asyncio.ensure_future(work())
    task.add_done_callback(lambda _: arrived.set())
    try:
        while events or not task.done():
            while events:
                yield events.popleft()
            if not task.done():
                arrived.clear()
                await arrived.wait()
        yield task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


recurse_event_loop = event_loop_cycle

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
