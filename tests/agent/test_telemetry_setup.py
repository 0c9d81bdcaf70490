"""Where spans and figures go: to an own provider, to a console, to a collector, each set up by one call."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the OpenTelemetry SDK is not installed")

from opentelemetry.sdk.trace import TracerProvider

from strands.telemetry import StrandsTelemetry
from support.small_server import Answer, Server, serving

METER = """
from strands import Agent
from strands.models import ScriptedModel
from strands.telemetry import StrandsTelemetry
from opentelemetry import metrics, trace
telemetry = StrandsTelemetry().setup_console_exporter()
assert trace.get_tracer_provider() is telemetry.tracer_provider
telemetry.setup_meter(enable_console_exporter=True, enable_otlp_exporter={collected})
Agent(model=ScriptedModel(["hi"]), callback_handler=None)("hello")
metrics.get_meter_provider().shutdown()
"""


def collect(request: Any) -> Answer:
    return 200, {"Content-Type": "application/x-protobuf"}, b""


def paths(collector: Server) -> set[str]:
    return {path for _, path, *_ in collector.requests}


def test_spans_are_printed_where_they_are_told_to() -> None:
    out = io.StringIO()
    provider = TracerProvider()
    telemetry = StrandsTelemetry(provider).setup_console_exporter(out=out)
    assert telemetry.tracer_provider is provider
    with provider.get_tracer("t").start_as_current_span("paid"):
        pass
    assert '"name": "paid"' in out.getvalue()


def test_spans_are_sent_to_a_collector() -> None:
    with serving(collect) as collector:
        provider = TracerProvider()
        StrandsTelemetry(provider).setup_otlp_exporter(endpoint=f"{collector.url}/v1/traces")
        with provider.get_tracer("t").start_as_current_span("paid"):
            pass
        provider.shutdown()
        assert paths(collector) == {"/v1/traces"}


@pytest.mark.parametrize("collected", [False, True])
def test_a_process_without_a_provider_gets_one_for_spans_and_one_for_figures(collected: bool) -> None:
    code = METER.format(collected=collected)
    with serving(collect) as collector:
        env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "desk"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, check=True)
        assert paths(collector) == ({"/v1/metrics"} if collected else set())
    assert '"service.name": "desk"' in done.stdout
    assert '"name": "invoke_agent' in done.stdout
    assert "strands.event_loop" in done.stdout


@pytest.mark.parametrize(
    "call", ["StrandsTelemetry()", "get_otel_resource()", "StrandsTelemetry(1).setup_otlp_exporter()"]
)
def test_without_the_sdk_it_says_what_to_install(call: str) -> None:
    code = (
        "import sys\n"
        "for name in ('opentelemetry.sdk', 'opentelemetry.exporter'): sys.modules[name] = None\n"
        "from strands.telemetry.config import StrandsTelemetry, get_otel_resource\n"
        f"try: {call}\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "pip install 'strands-cli[otel]'" in done.stdout
