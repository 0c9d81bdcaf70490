"""Figures in OpenTelemetry: recorded when somebody set up where they go, otherwise not even thought of."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("opentelemetry.sdk.metrics")

RUN = """
import json, sys
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))

from strands import Agent, tool
from strands.models import Reply, ScriptedModel, ToolCall
from strands.telemetry import MetricsClient

@tool
def work() -> str:
    '''Work.'''
    return "done"

@tool
def fail() -> str:
    '''Fail.'''
    raise LookupError

usage = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
calls = [ToolCall("work", {}), ToolCall("fail", {})]
model = ScriptedModel([Reply(tool_calls=calls, usage=usage), Reply("ok", usage=usage)])
agent = Agent(model=model, tools=[work, fail], callback_handler=None)
agent("go")
assert MetricsClient() is MetricsClient()
found = {}
for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics:
    for metric in scope.metrics:
        for point in metric.data.data_points:
            value = point.value if hasattr(point, "value") else point.sum
            key = " ".join([metric.name, *map(str, point.attributes.values())])
            found[key] = value
print(json.dumps(found))
"""

SPANS = """
import json
from opentelemetry import baggage, context
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from strands import Agent
from strands.models import ScriptedModel
from strands.telemetry import StrandsTelemetry

telemetry = StrandsTelemetry().setup_baggage_processor(lambda key: key == "session")
exporter = InMemorySpanExporter()
telemetry.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
context.attach(baggage.set_baggage("session", "s1", baggage.set_baggage("other", "x")))
Agent(model=ScriptedModel(["hi"]), callback_handler=None)("go")
spans = exporter.get_finished_spans()
print(json.dumps([
    sorted({span.resource.attributes["service.name"] for span in spans}),
    sorted({span.attributes.get("session") for span in spans}),
    sorted({str(span.attributes.get("other")) for span in spans}),
]))
"""


def _run(code: str, **variables: str) -> object:
    environment = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tokens_cycles_and_tools_are_recorded() -> None:
    found = _run(RUN)
    assert isinstance(found, dict)
    assert found["strands.event_loop.cycle_count"] == 2
    assert found["strands.event_loop.input.tokens"] == 6
    assert found["strands.event_loop.output.tokens"] == 8
    assert (found["strands.tool.call_count work"], found["strands.tool.success_count work"]) == (1, 1)
    assert (found["strands.tool.call_count fail"], found["strands.tool.error_count fail"]) == (1, 1)
    assert found["strands.tool.duration work"] > 0


def test_spans_bear_the_service_name_and_the_baggage() -> None:
    assert _run(SPANS) == [["strands-agents"], ["s1"], ["None"]]
    assert _run(SPANS, OTEL_SERVICE_NAME="mine") == [["mine"], ["s1"], ["None"]]
