"""Events: what listeners are told, one vocabulary for every pattern; all but streaming text fold the journal."""

from __future__ import annotations

import inspect
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from strands_cli.kernel.state import State, text_of, total_tokens
from strands_cli.kernel.types import Entry
from strands_cli.types import Json

logger: logging.Logger = logging.getLogger(__name__)

EVENT_TYPES = (
    "workflow_start",
    "step_start",
    "step_complete",
    "hitl_requested",
    "hitl_answered",
    "hitl_voted",
    "hitl_assigned",
    "hitl_reminded",
    "hitl_escalated",
    "tool_start",
    "tool_complete",
    "token",
    "retry",
    "budget_warning",
    "workflow_paused",
    "workflow_resumed",
    "workflow_complete",
    "workflow_cancelled",
    "error",
)


@dataclass(slots=True)
class Event:
    """Something that happened in a run.

    What belongs to the event's type is in `data` and readable as attributes: `event.prompt`, `event.response`.

    Attributes:
        type: One of `EVENT_TYPES`.
        step_id: The journal key; "" where the event is of the whole run.
        timestamp: Unix time in seconds.
        duration: Seconds, where the event ends something.
        tokens: Tokens used, where the event ends something.
        seq: The number of the entry that tells of it; -1 for streaming text, which is not on record.
    """

    type: str
    session_id: str
    workflow: str
    pattern: str
    step_id: str = ""
    agent_id: str = ""
    timestamp: float = 0.0
    duration: float = 0.0
    tokens: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    seq: int = -1

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "data")[name]
        except KeyError:
            raise AttributeError(f"{self.type!r} events have no {name!r}; they have: {', '.join(self.data)}") from None

    @property
    def event_type(self) -> str:
        """`type`, as strands-cli 0.3 calls it."""
        return self.type

    @property
    def chunk_type(self) -> str:
        """`type`, as a stream of strands-cli 0.3 calls it."""
        return self.type

    @property
    def spec_name(self) -> str:
        """`workflow`, as strands-cli 0.3 calls it."""
        return self.workflow

    @property
    def pattern_type(self) -> str:
        """`pattern`, as strands-cli 0.3 calls it."""
        return self.pattern

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain JSON values, with an ISO 8601 timestamp, as strands-cli 0.3 does."""
        from datetime import datetime, timezone

        return {
            "event_type": self.type,
            "timestamp": datetime.fromtimestamp(self.timestamp, timezone.utc).isoformat(),
            "session_id": self.session_id,
            "spec_name": self.workflow,
            "pattern_type": self.pattern,
            "step_id": self.step_id,
            "agent_id": self.agent_id,
            "data": dict(self.data),
        }


class Listeners:
    """Handlers by event type; a failing one is logged and never breaks a run."""

    def __init__(self, others: Listeners | None = None) -> None:
        self._handlers: defaultdict[str, list[Callable[[Event], Any]]] = defaultdict(list)
        for event_type, handlers in others._handlers.items() if others is not None else ():
            self._handlers[event_type] += handlers
        self._tasks: set[Any] = set()

    def add(self, event_type: str, handler: Callable[[Event], Any]) -> None:
        """Call `handler`, sync or async, with each event of a type; "*" means all.

        Raises:
            ValueError: There is no such type.
        """
        if event_type != "*" and event_type not in EVENT_TYPES:
            raise ValueError(f"unknown event type {event_type!r}; known: *, {', '.join(EVENT_TYPES)}")
        self._handlers[event_type].append(handler)

    def wants(self, event_type: str) -> bool:
        """Whether anybody listens to this type; who listens to all may do without text: a false `wants_text`."""
        everything = self._handlers.get("*", ())
        if event_type == "token":
            everything = [each for each in everything if getattr(each, "wants_text", True)]
        return event_type in self._handlers or bool(everything)

    def __bool__(self) -> bool:
        return bool(self._handlers)

    def emit(self, event: Event) -> None:
        """Tell everybody who listens."""
        for handler in (*self._handlers.get(event.type, ()), *self._handlers.get("*", ())):
            try:
                result = handler(event)
                if inspect.isawaitable(result):
                    self._schedule(result)
            except Exception:
                logger.exception("a handler of %r events failed", event.type)

    def _schedule(self, awaitable: Any) -> None:
        import asyncio

        async def guarded() -> None:
            try:
                await awaitable
            except Exception:
                logger.exception("an async event handler failed")

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drained(self) -> None:
        """Wait for async handlers that are still at work."""
        import asyncio

        while self._tasks:
            await asyncio.wait(set(self._tasks))


def event_of(entry: Entry, state: State, base: Mapping[str, Any]) -> Event | None:
    """Return the event that an entry means to listeners, or None.

    Args:
        state: The fold up to and including `entry`.
        base: session_id, workflow and pattern.
    """
    data = entry.data
    owner = data.get("of")
    step = state.step(owner or entry.key)
    begun = state.started.get(step)
    event = Event("", **base, step_id=entry.key, timestamp=entry.at, seq=entry.seq)
    event.agent_id = data.get("agent") or (begun.data["agent"] if begun else "")
    kind = _inner_type(entry) if owner and entry.kind in ("started", "done") else _type(entry, state)
    if not kind:
        return None
    event.type = kind
    event.data = _data(entry, owner)
    if kind in ("step_start", "step_complete"):
        number = entry.key.rpartition("/")[2]
        if number.isdecimal():
            event.data["step_index"] = int(number)
    if kind == "step_complete":
        event.duration = data.get("seconds", 0.0)
        event.tokens = state.tokens.get(entry.key, 0)
    elif kind in ("workflow_complete", "workflow_paused", "workflow_cancelled"):
        event.duration = event.data["duration_seconds"] = state.seconds
        event.tokens = sum(state.agent_tokens.values())
    elif kind == "hitl_answered" and entry.key in state.asked:
        event.duration = max(entry.at - state.asked[entry.key].at, 0.0)
    return event


def _inner_type(entry: Entry) -> str:
    if entry.kind == "started":
        return "tool_start"
    return "tool_complete" if "result" in entry.data else ""


def _type(entry: Entry, state: State) -> str:
    if entry.kind == "leased":
        return "workflow_start" if state.drives == 1 else "workflow_resumed"
    if entry.kind == "noted":
        return "budget_warning" if "budget" in entry.data else ""
    return {
        "started": "step_start",
        "done": "step_complete",
        "failed": "error",
        "asked": "hitl_requested",
        "answered": "hitl_answered",
        "expired": "hitl_answered",
        "voted": "hitl_voted",
        "assigned": "hitl_assigned",
        "reminded": "hitl_reminded",
        "escalated": "hitl_escalated",
        "retry": "retry",
        "paused": "workflow_paused",
        "closed": "workflow_complete",
        "cancelled": "workflow_cancelled",
    }.get(entry.kind, "")


def _data(entry: Entry, owner: str | None) -> dict[str, Json]:
    data = {name: value for name, value in entry.data.items() if name not in ("of", "lane", "driver")}
    if entry.kind == "done" and owner is None:
        data["response"] = text_of(data.pop("message"))
        data["usage_tokens"] = total_tokens(data.get("usage") or {})
    elif entry.kind in ("answered", "expired"):
        data.update(response=data.get("value"), timed_out="timed_out" in data or entry.kind == "expired")
    elif entry.kind == "failed":
        data["scope"] = "step" if entry.key else "run"
    elif "budget" in data:
        data["used"] = data.get("value")
    elif entry.kind == "asked":
        data["question_id"] = entry.key
    elif "name" in data:
        data["tool"] = data["name"]
    return data
