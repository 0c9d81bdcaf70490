"""What an agent measures, and the spans it leaves when somebody listens."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .metrics import EventLoopMetrics, ToolMetrics, Trace, metrics_to_string

if TYPE_CHECKING:
    from .config import StrandsTelemetry
    from .meter import MetricsClient
    from .tracer import Tracer, get_tracer

_HOMES = {"MetricsClient": "meter", "StrandsTelemetry": "config", "Tracer": "tracer", "get_tracer": "tracer"}

__all__ = [
    "EventLoopMetrics",
    "MetricsClient",
    "StrandsTelemetry",
    "ToolMetrics",
    "Trace",
    "Tracer",
    "get_tracer",
    "metrics_to_string",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
