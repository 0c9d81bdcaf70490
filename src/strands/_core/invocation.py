"""One call of an agent, while it lasts."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from strands._ids import new_id
from strands.hooks.events import MessageAddedEvent
from strands.hooks.interruptible import check_taken, is_awaited

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands._core.structured_output import StructuredOutput
    from strands.interrupt import Interrupt
    from strands.models.routing.router import Route
    from strands.telemetry.meter import Figures
    from strands.telemetry.tracer import Tracing
    from strands.types.agent import Limits
    from strands.types.content import Message
    from strands.types.tools import ToolChoice

_NOTHING: frozenset[str] = frozenset()
Sink = Callable[[dict[str, Any]], None]
Backpressure = Callable[[int], Awaitable[None]]


class Invocation:
    """One call of an agent.

    Attributes:
        agent: The agent.
        state: What the caller passed along; hooks and tools share it.
        sink: Takes events, or None when nobody listens.
        route: Chooses the model, when the agent has several; made with the first model call.
        structured: The structure that was asked for, or None.
        limits: Where to stop by itself.
        tool_choice: What hooks say that the model must use, or None.
        backpressure: Waits until no more than so many events are unread, with 0 until more are wanted; None when
            nobody reads them one by one.
        tracing: Leaves spans, or None when nobody collects them.
        under_way: The tool uses that are to run now and have not come to rest.
        asked: What hooks ask about messages that were added; the agent stops for it before it does anything else.
        redacted: The message whose content a guardrail took back last, or None.
    """

    __slots__ = (
        "_interrupted",
        "_loop",
        "_task",
        "agent",
        "asked",
        "asking",
        "backpressure",
        "limits",
        "redacted",
        "route",
        "sink",
        "state",
        "structured",
        "tool_choice",
        "tracing",
        "turns",
        "under_way",
    )

    def __init__(
        self,
        agent: Host,
        state: dict[str, Any],
        sink: Sink | None = None,
        structured: StructuredOutput | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.agent: Host = agent
        self.state: dict[str, Any] = state
        self.sink: Sink | None = sink
        self.structured: StructuredOutput | None = structured
        self.limits: Limits = limits or {}
        self.tool_choice: ToolChoice | None = None
        self.tracing: Tracing | None = None
        self.route: Route | None = None
        self.backpressure: Backpressure | None = None
        self.redacted: Message | None = None
        self.turns: int = 0
        self.under_way: frozenset[str] = _NOTHING
        self.asked: Sequence[Interrupt] = ()
        self.asking: bool = False
        self._interrupted = False
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)

    @property
    def request_state(self) -> dict[str, Any]:
        """What hooks and tools leave for the caller: `AgentResult.state`."""
        found: dict[str, Any] = self.state.setdefault("request_state", {})
        return found

    def trace_if_collected(self) -> None:
        """Leave spans when somebody collects them."""
        self.tracing = tracing_if_collected()

    def figures_if_collected(self) -> Figures | None:
        """Return what records the invocation's figures, when somebody collects them."""
        if "opentelemetry.sdk.metrics" not in sys.modules:
            return None
        from strands.telemetry.meter import figures

        return figures(self.agent.event_loop_metrics)

    async def append(self, message: Message, *, tell: bool = False) -> None:
        """Add a message to the history and tell whom it concerns; with `tell` it is an event of the sink too."""
        agent = self.agent
        if "tracking_id" not in message:
            message["tracking_id"] = new_id()
        agent.messages.append(message)
        if is_awaited(MessageAddedEvent, agent):
            await self.tell_added(message)
        if agent.recorder is not None:
            await agent.recorder.appended(message)
        if tell and self.sink is not None:
            self.sink({"message": message})

    async def tell_added(self, message: Message, *, repeated: bool = False) -> None:
        """Tell hooks that a message was added, or of it again as the agent goes on after a question about it."""
        event = MessageAddedEvent(agent=self.agent, message=message, repeated=repeated)
        _, raised = await self.agent.hooks.invoke_callbacks_async(event)
        asked = event.open_questions(raised)
        if asked:
            self.asked = [*self.asked, *asked]
        elif self.agent.turn.interrupts.interrupts:
            check_taken(event)

    def interrupt_model_call(self) -> None:
        """Wake the model call that is being waited for, if one is; safe from any thread."""
        if self.asking:
            self._loop.call_soon_threadsafe(self._cancel_model_call)

    def was_interrupted(self) -> bool:
        """Return whether the cancellation that just arrived was our own, and forget it."""
        kicked, self._interrupted = self._interrupted, False
        if kicked and self._task is not None and hasattr(self._task, "uncancel"):
            self._task.uncancel()
        return kicked

    def _cancel_model_call(self) -> None:
        if self.asking and self._task is not None:
            self._interrupted = True
            self._task.cancel()


def tracing_if_collected() -> Tracing | None:
    """Return what leaves spans, or None when nobody collects them."""
    if "opentelemetry.trace" not in sys.modules and not is_provider_named():
        return None
    from strands.telemetry.tracer import tracing

    return tracing()


@functools.cache
def is_provider_named() -> bool:
    """Return whether the environment says who collects spans; as OpenTelemetry does, it is looked at once."""
    return "OTEL_PYTHON_TRACER_PROVIDER" in os.environ
