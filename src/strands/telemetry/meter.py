"""An agent's figures as OpenTelemetry metrics, for whoever set up where they go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics

from . import metrics_constants as names

if TYPE_CHECKING:
    from .metrics import EventLoopMetrics


class MetricsClient:
    """The instruments that agents' figures are recorded with; one for the process.

    Attributes:
        meter: The OpenTelemetry meter they belong to.
    """

    _instance: MetricsClient | None = None
    _lock = threading.Lock()

    def __new__(cls) -> MetricsClient:
        with cls._lock:
            if cls._instance is None:
                cls._instance = super().__new__(cls)
        return cls._instance

    def __init__(self) -> None:
        if not hasattr(self, "meter"):
            self.meter: metrics.Meter = metrics.get_meter("strands")
            self.create_instruments()

    def create_instruments(self) -> None:
        """Make the instruments."""
        count, spread = self.meter.create_counter, self.meter.create_histogram
        self.event_loop_cycle_count: metrics.Counter = count(names.STRANDS_EVENT_LOOP_CYCLE_COUNT, unit="Count")
        self.event_loop_start_cycle: metrics.Counter = count(names.STRANDS_EVENT_LOOP_START_CYCLE, unit="Count")
        self.event_loop_end_cycle: metrics.Counter = count(names.STRANDS_EVENT_LOOP_END_CYCLE, unit="Count")
        self.event_loop_cycle_duration: metrics.Histogram = spread(names.STRANDS_EVENT_LOOP_CYCLE_DURATION, unit="s")
        self.event_loop_latency: metrics.Histogram = spread(names.STRANDS_EVENT_LOOP_LATENCY, unit="ms")
        self.event_loop_input_tokens: metrics.Histogram = spread(names.STRANDS_EVENT_LOOP_INPUT_TOKENS, unit="token")
        self.event_loop_output_tokens: metrics.Histogram = spread(names.STRANDS_EVENT_LOOP_OUTPUT_TOKENS, unit="token")
        self.event_loop_cache_read_input_tokens: metrics.Histogram = spread(
            names.STRANDS_EVENT_LOOP_CACHE_READ_INPUT_TOKENS, unit="token"
        )
        self.event_loop_cache_write_input_tokens: metrics.Histogram = spread(
            names.STRANDS_EVENT_LOOP_CACHE_WRITE_INPUT_TOKENS, unit="token"
        )
        self.model_time_to_first_token: metrics.Histogram = spread(names.STRANDS_MODEL_TIME_TO_FIRST_TOKEN, unit="ms")
        self.tool_call_count: metrics.Counter = count(names.STRANDS_TOOL_CALL_COUNT, unit="Count")
        self.tool_success_count: metrics.Counter = count(names.STRANDS_TOOL_SUCCESS_COUNT, unit="Count")
        self.tool_error_count: metrics.Counter = count(names.STRANDS_TOOL_ERROR_COUNT, unit="Count")
        self.tool_duration: metrics.Histogram = spread(names.STRANDS_TOOL_DURATION, unit="s")


class Figures:
    """What one invocation adds to the figures: recorded when it ends.

    Args:
        measured: The agent's metrics, as they are when the invocation begins.
    """

    def __init__(self, measured: EventLoopMetrics) -> None:
        self._measured = measured
        self._cycles = len(measured.cycle_durations)
        self._latency = measured.accumulated_metrics["latencyMs"]
        self._invocations = len(measured.agent_invocations)
        self._tools = {name: _counts(each) for name, each in measured.tool_metrics.items()}

    def record(self) -> None:
        """Record what has been added since."""
        client, measured = MetricsClient(), self._measured
        for seconds in measured.cycle_durations[self._cycles :]:
            client.event_loop_cycle_count.add(1)
            client.event_loop_start_cycle.add(1)
            client.event_loop_end_cycle.add(1)
            client.event_loop_cycle_duration.record(seconds)
        for invocation in measured.agent_invocations[self._invocations :]:
            for cycle in invocation.cycles:
                _record_usage(client, cycle.usage)
        latency = measured.accumulated_metrics["latencyMs"] - self._latency
        if latency > 0:
            client.event_loop_latency.record(latency)
        first = measured.accumulated_metrics.get("timeToFirstByteMs")
        if first is not None:
            client.model_time_to_first_token.record(first)
        for name, each in measured.tool_metrics.items():
            self._record_tool(client, name, each)

    def _record_tool(self, client: MetricsClient, name: str, measured: Any) -> None:
        before = self._tools.get(name, (0, 0, 0, 0.0))
        calls, good, bad, seconds = (now - then for now, then in zip(_counts(measured), before, strict=True))
        if not calls:
            return
        attributes = {"tool_name": name}
        client.tool_call_count.add(calls, attributes)
        client.tool_success_count.add(good, attributes)
        client.tool_error_count.add(bad, attributes)
        client.tool_duration.record(seconds, attributes)


def figures(measured: EventLoopMetrics) -> Figures | None:
    """Return what records an invocation's figures, or None when no meter provider is configured."""
    provider = metrics.get_meter_provider()
    if type(provider).__module__.startswith("opentelemetry.metrics"):
        return None
    return Figures(measured)


def _counts(measured: Any) -> tuple[int, int, int, float]:
    return measured.call_count, measured.success_count, measured.error_count, measured.total_time


def _record_usage(client: MetricsClient, usage: Any) -> None:
    client.event_loop_input_tokens.record(usage["inputTokens"])
    client.event_loop_output_tokens.record(usage["outputTokens"])
    if usage.get("cacheReadInputTokens"):
        client.event_loop_cache_read_input_tokens.record(usage["cacheReadInputTokens"])
    if usage.get("cacheWriteInputTokens"):
        client.event_loop_cache_write_input_tokens.record(usage["cacheWriteInputTokens"])
