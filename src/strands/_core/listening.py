"""What listeners are told while a model answers outside an invocation, where nobody's history is touched."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from strands.types.events import TypedEvent

from .reply_builder import ReplyBuilder

if TYPE_CHECKING:
    from .invocation import Invocation, Sink

_RAW = frozenset(
    ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")
)


def builder_for(sink: Sink) -> ReplyBuilder:
    """Return what builds a reply and tells `sink` of its texts, thoughts and tool uses as they arrive."""
    nobody = SimpleNamespace(messages=[], _session_manager=None)
    return ReplyBuilder(cast("Invocation", SimpleNamespace(sink=sink, state={}, agent=nobody)))


def teller_of(sink: Sink) -> Callable[[Any], None]:
    """Return what tells `sink` of each event of a model's `structured_output`.

    A model yields either the events of `Model.stream` or what `process_stream` makes of them; others are its own.
    """
    builder = builder_for(sink)

    def tell(event: Any) -> None:
        if isinstance(event, TypedEvent):
            if event.is_callback_event:
                sink(event.as_dict())
        elif not _RAW.isdisjoint(event):
            sink({"event": event})
            builder.take(event)

    return tell
