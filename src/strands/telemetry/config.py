"""Where spans go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

BaggageKeyPredicate = Callable[[str], bool]
BaggageKeyPredicates = BaggageKeyPredicate | Sequence[BaggageKeyPredicate]

_INSTALL = "telemetry needs the OpenTelemetry SDK; install it with: pip install 'strands-cli[otel]'"


class StrandsTelemetry:
    """Sets up where spans go.

    Args:
        tracer_provider: An own provider, used as it is; otherwise one is made and made the process's own.

    Raises:
        ImportError: The OpenTelemetry SDK is not installed.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        self.tracer_provider: Any = tracer_provider if tracer_provider is not None else _own_provider()

    def setup_console_exporter(self, **kwargs: Any) -> StrandsTelemetry:
        """Print spans; arguments go to `ConsoleSpanExporter`."""
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

        self.tracer_provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(**kwargs)))
        return self

    def setup_otlp_exporter(self, **kwargs: Any) -> StrandsTelemetry:
        """Send spans by OTLP over HTTP; arguments go to `OTLPSpanExporter`, the rest comes from OTEL_* variables."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError as error:
            raise ImportError(_INSTALL) from error
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self.tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**kwargs)))
        return self

    def setup_meter(
        self, enable_console_exporter: bool = False, enable_otlp_exporter: bool = False
    ) -> StrandsTelemetry:
        """Make a provider of meters the process's own and say where its figures go."""
        from opentelemetry import metrics
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricReader, PeriodicExportingMetricReader

        readers: list[MetricReader] = []
        if enable_console_exporter:
            readers.append(PeriodicExportingMetricReader(ConsoleMetricExporter()))
        if enable_otlp_exporter:
            try:
                from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            except ImportError as error:
                raise ImportError(_INSTALL) from error
            readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
        metrics.set_meter_provider(MeterProvider(resource=get_otel_resource(), metric_readers=readers))
        return self

    def setup_baggage_processor(self, baggage_key_predicate: BaggageKeyPredicates | None = None) -> StrandsTelemetry:
        """Give every span the baggage of the context it is made in, as attributes.

        Args:
            baggage_key_predicate: Takes a key and says whether it is wanted; several are tried in turn; None wants all.
        """
        from .baggage import BaggageProcessor

        given = baggage_key_predicate
        wanted = [] if given is None else [given] if callable(given) else list(given)
        self.tracer_provider.add_span_processor(BaggageProcessor(wanted))
        return self


def get_otel_resource() -> Resource:
    """Return what spans and metrics say they come from: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, else defaults.

    Raises:
        ImportError: The OpenTelemetry SDK is not installed.
    """
    try:
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    from strands._version import __version__

    defaults = {"service.name": "strands-agents", "service.version": __version__}
    return Resource.create(defaults).merge(OTELResourceDetector().detect())


def _own_provider() -> TracerProvider:
    try:
        from opentelemetry.sdk.trace import TracerProvider
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    from opentelemetry import trace

    provider = TracerProvider(resource=get_otel_resource())
    trace.set_tracer_provider(provider)
    return provider
