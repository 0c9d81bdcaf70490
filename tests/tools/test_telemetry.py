"""Spans of a workflow: one for the drive, one for each step, around those of the agents; redacted as the spec says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COLLECT = """
import contextlib, json
from opentelemetry import trace

spans = []

class Span(trace.NonRecordingSpan):
    def __init__(self, name, attributes, parent):
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self.data = {"name": name, "attributes": dict(attributes or {}), "parent": parent}
        spans.append(self.data)
    def set_attribute(self, key, value):
        self.data["attributes"][key] = value

class Tracer(trace.NoOpTracer):
    stack = []
    @contextlib.contextmanager
    def start_as_current_span(self, name, *args, attributes=None, **kwargs):
        span = Span(name, attributes, self.stack[-1] if self.stack else None)
        self.stack.append(name)
        try:
            yield span
        finally:
            self.stack.pop()

class Provider(trace.TracerProvider):
    def get_tracer(self, *args, **kwargs):
        return Tracer()

trace.set_tracer_provider(Provider())
"""

RUN = """
import json, os, sys
from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall

@tool
def look_up(name: str) -> str:
    '''Look somebody up.'''
    return "output-canary " + os.environ["TOKEN"]

spec = json.loads(os.environ["SPEC"])
model = ScriptedModel([ToolCall("look_up", {"name": "input-canary"}), "done"])
result = Workflow.from_dict(spec, model=model, tools=[look_up]).run()
assert result.success, result
"""


def run(place: Path, code: str, spec: dict[str, Any], **environment: str) -> str:
    more = {"STRANDS_HOME": str(place / "home"), "TOKEN": "secret-canary", "SPEC": json.dumps(spec), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **more}, cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def solo(**more: Any) -> dict[str, Any]:
    from support.specs import solo as of_one

    return of_one(env={"secrets": [{"name": "TOKEN", "source": "env"}]}, **more)


def spans(place: Path, spec: dict[str, Any], **environment: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(place, f"{COLLECT}{RUN}print(json.dumps(spans))", spec, **environment))
    return found


def test_a_span_for_the_drive_and_one_for_each_step(place: Path) -> None:
    found = spans(place, solo())
    parents = {span["name"]: span["parent"] for span in found}
    assert parents["workflow solo"] is None
    assert parents["step steps/0"] == "workflow solo"
    assert parents["invoke_agent worker"] == "step steps/0"
    step = next(span for span in found if span["name"] == "step steps/0")
    assert step["attributes"]["strands.agent.id"] == "worker"
    assert "canary" not in json.dumps(found)


def test_case_37_contents_have_no_secret_and_nothing_that_is_redacted(place: Path) -> None:
    capture = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    plain = json.dumps(spans(place, solo(), **capture))
    assert "secret-canary" not in plain
    assert "input-canary" in plain
    assert "output-canary" in plain
    redact = {"redact": {"tool_inputs": True, "tool_outputs": True}}
    redacted = json.dumps(spans(place, solo(telemetry=redact), **capture))
    assert "canary" not in redacted
    assert "look_up" in redacted


def test_nothing_is_imported_while_nobody_collects(place: Path) -> None:
    told = run(place, f"{RUN}print(sorted(name for name in sys.modules if 'opentelemetry' in name))", solo())
    assert told.strip() == "[]"


def test_an_endpoint_without_the_sdk_is_a_warning_and_no_failure(place: Path) -> None:
    spec = solo(telemetry={"otel": {"endpoint": "http://127.0.0.1:1", "service_name": "x"}})
    run(place, RUN, spec, OTEL_EXPORTER_OTLP_TIMEOUT="1")
