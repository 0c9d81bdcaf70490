"""What an agent measures, and the spans it leaves when somebody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from .metrics import EventLoopMetrics as EventLoopMetrics
from .metrics import ToolMetrics as ToolMetrics
from .metrics import Trace as Trace
from .metrics import metrics_to_string as metrics_to_string

if TYPE_CHECKING:
    from .config import StrandsTelemetry as StrandsTelemetry
    from .meter import MetricsClient as MetricsClient
    from .tracer import Tracer as Tracer
    from .tracer import get_tracer as get_tracer
else:
    __getattr__, __dir__ = lazy(__name__)
