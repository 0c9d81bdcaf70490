"""Spans of a workflow: one for each drive, one for each agent call. Nothing here is imported while tracing is off."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from strands.telemetry.tracer import Content, content_filter

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from strands_cli.kernel.layers import Layer
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import AgentReply, Call, CallAgent
    from strands_cli.spec.root import Spec
    from strands_cli.spec.telemetry import Otel, Redact

REDACTED = "[redacted]"
logger: logging.Logger = logging.getLogger(__name__)


def tracer(spec: Spec) -> trace.Tracer | None:
    """Return the tracer of a workflow, or None when nobody collects its spans.

    Spans go where the program sends them; a program that has not set this up sends them where the spec says, which
    needs the OpenTelemetry SDK.
    """
    otel = spec.telemetry.otel if spec.telemetry is not None else None
    if otel is not None and otel.endpoint and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        _set_up(otel, spec.name)
    provider = trace.get_tracer_provider()
    if isinstance(provider, (trace.ProxyTracerProvider, trace.NoOpTracerProvider)):
        return None
    return provider.get_tracer("strands_cli")


_NO_EVENTS: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}
"""What an error says may hold anything; a span gets its kind."""


@contextmanager
def _failures(span: trace.Span) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(trace.Status(trace.StatusCode.ERROR))
        raise


@contextmanager
def workflow_span(own: trace.Tracer, spec: Spec, session_id: str) -> Iterator[None]:
    """The span of one drive of a session."""
    attributes = {
        "strands.workflow.name": spec.name,
        "strands.workflow.pattern": spec.pattern.type,
        "strands.session.id": session_id,
    }
    with (
        own.start_as_current_span(f"workflow {spec.name}", attributes=attributes, **_NO_EVENTS) as span,
        _failures(span),
    ):
        yield


def step_spans(own: trace.Tracer, session_id: str) -> Layer:
    """Return a layer that leaves a span for each agent call."""

    def layer(run: Run, perform: CallAgent) -> CallAgent:
        async def traced(call: Call) -> AgentReply:
            attributes: dict[str, AttributeValue] = {
                "strands.step.key": call.key,
                "strands.agent.id": call.agent,
                "strands.session.id": session_id,
                "strands.step.attempt": call.attempt,
            }
            with own.start_as_current_span(f"step {call.key}", attributes=attributes, **_NO_EVENTS) as span:
                with _failures(span):
                    reply = await perform(call)
                for name, count in reply.usage.items():
                    span.set_attribute(f"strands.usage.{name}", count)
                span.set_attribute("strands.step.stop_reason", reply.stop_reason)
                return reply

        return traced

    return layer


def content_layer(redact: Redact | None, scrub: Callable[[Any], Any]) -> Layer:
    """Return a layer within which no span gets the contents that the spec keeps out of traces.

    Args:
        redact: What the spec says of tool inputs and outputs.
        scrub: Blots out secrets and, if the guardrails say so, personal data.
    """
    inputs = redact is not None and redact.tool_inputs
    outputs = redact is not None and redact.tool_outputs

    def change(kind: Content, value: Any) -> Any:
        if (kind == "tool_input" and inputs) or (kind == "tool_output" and outputs):
            return REDACTED
        return scrub(_without_tools(value, inputs, outputs) if kind == "messages" else value)

    def layer(run: Run, perform: CallAgent) -> CallAgent:
        async def filtered(call: Call) -> AgentReply:
            token = content_filter.set(change)
            try:
                return await perform(call)
            finally:
                content_filter.reset(token)

        return filtered

    return layer


def _without_tools(value: Any, inputs: bool, outputs: bool) -> Any:
    """Return messages without what tools were given or gave back."""
    if isinstance(value, (list, tuple)):
        return [_without_tools(item, inputs, outputs) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {name: _without_tools(item, inputs, outputs) for name, item in value.items()}
    if inputs and isinstance(value.get("toolUse"), Mapping):
        found["toolUse"] = {**value["toolUse"], "input": REDACTED}
    if outputs and isinstance(value.get("toolResult"), Mapping):
        found["toolResult"] = {**value["toolResult"], "content": REDACTED}
    return found


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
