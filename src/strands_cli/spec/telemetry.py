"""telemetry: where traces go and what is left out of them."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed


class Otel(Closed):
    """An OpenTelemetry collector."""

    endpoint: str | None = Field(default=None, description="URL of the collector.")
    service_name: str | None = Field(default=None, description="What the traces say they come from.")
    sample_ratio: float = Field(default=1.0, ge=0, le=1, description="Share of the runs that are traced, 0 to 1.")


class Redact(Closed):
    """What is masked in traces."""

    tool_inputs: bool = Field(default=False, description="Whether the arguments of tools are masked.")
    tool_outputs: bool = Field(default=False, description="Whether the results of tools are masked.")


class Telemetry(Closed):
    """Tracing of runs."""

    otel: Otel | None = Field(default=None, description="The collector that traces go to.")
    redact: Redact | None = Field(default=None, description="What is masked in them.")
