"""The baggage of a context as attributes of the spans made in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opentelemetry import baggage
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor


class BaggageProcessor(SpanProcessor):
    """Gives spans the baggage of the context they are made in.

    Args:
        wanted: Take a key and say whether it is wanted; without any, all are.
    """

    def __init__(self, wanted: Sequence[Callable[[str], bool]] = ()) -> None:
        self._wanted = wanted

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for key, value in baggage.get_all(parent_context).items():
            if not self._wanted or any(wants(key) for wants in self._wanted):
                span.set_attribute(key, str(value))
