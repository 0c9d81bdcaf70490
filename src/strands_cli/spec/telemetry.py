"""telemetry: where traces go and what is left out of them."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed


class Otel(Closed):
    """An OpenTelemetry collector."""

    endpoint: str | None = None
    service_name: str | None = None
    sample_ratio: float = Field(default=1.0, ge=0, le=1)


class Redact(Closed):
    """What is masked in traces."""

    tool_inputs: bool = False
    tool_outputs: bool = False


class Telemetry(Closed):
    """Tracing of runs."""

    otel: Otel | None = None
    redact: Redact | None = None
