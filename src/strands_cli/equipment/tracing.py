"""Spans of a workflow: one for each drive, one for each agent call. Nothing here is imported while tracing is off."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from strands_cli.kernel.layers import Layer
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import Call, Perform, Reply
    from strands_cli.spec.root import Spec
    from strands_cli.spec.telemetry import Otel

logger = logging.getLogger(__name__)


def tracer(otel: Otel, name: str) -> trace.Tracer:
    """Return the tracer of a workflow, after making sure that its spans go where the spec says.

    A provider that the program has set up is left as it is. Without one and without the OpenTelemetry SDK nothing is
    collected, and the log says so once.
    """
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider) and otel.endpoint:
        _set_up(otel, name)
    return trace.get_tracer_provider().get_tracer("strands_cli")


@contextmanager
def workflow_span(spec: Spec, session_id: str) -> Iterator[None]:
    """The span of one drive of a session."""
    assert spec.telemetry is not None and spec.telemetry.otel is not None
    attributes = {
        "strands.workflow.name": spec.name,
        "strands.workflow.pattern": spec.pattern.type,
        "strands.session.id": session_id,
    }
    with tracer(spec.telemetry.otel, spec.name).start_as_current_span(f"workflow {spec.name}", attributes=attributes):
        yield


def step_spans(spec: Spec, session_id: str) -> Layer:
    """Return a layer that leaves a span for each agent call."""
    assert spec.telemetry is not None and spec.telemetry.otel is not None
    own = tracer(spec.telemetry.otel, spec.name)

    def layer(run: Run, perform: Perform) -> Perform:
        async def traced(call: Call) -> Reply:
            attributes: dict[str, AttributeValue] = {
                "strands.step.key": call.key,
                "strands.agent.id": call.agent,
                "strands.session.id": session_id,
                "strands.step.attempt": call.attempt,
            }
            with own.start_as_current_span(f"step {call.key}", attributes=attributes) as span:
                reply = await perform(call)
                for name, count in reply.usage.items():
                    span.set_attribute(f"strands.usage.{name}", count)
                span.set_attribute("strands.step.stop_reason", reply.stop_reason)
                return reply

        return traced

    return layer


def _set_up(otel: Otel, name: str) -> None:
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    except ImportError:
        logger.warning("telemetry.otel is set and nothing is collected: pip install 'strands-cli[otel]'")
        return
    exporter = _exporter(str(otel.endpoint))
    if exporter is None:
        return
    resource = Resource.create({"service.name": otel.service_name or name})
    provider = TracerProvider(resource=resource, sampler=ParentBasedTraceIdRatio(otel.sample_ratio))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def _exporter(endpoint: str) -> Any:
    """Port 4317 speaks gRPC; everything else is OTLP over HTTP."""
    try:
        if ":4317" in endpoint:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

            return OTLPSpanExporter(endpoint=endpoint, insecure=not endpoint.startswith("https"))
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHTTP

        path = "" if endpoint.rstrip("/").endswith("/v1/traces") else "/v1/traces"
        return OverHTTP(endpoint=endpoint.rstrip("/") + path)
    except ImportError:
        logger.warning("telemetry.otel.endpoint needs the OTLP exporter: pip install 'strands-cli[otel]'")
        return None
