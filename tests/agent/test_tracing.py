"""Spans: left when somebody collects them, otherwise not even thought of."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import contextlib, json, sys
from opentelemetry import trace

spans = []

class Span(trace.NonRecordingSpan):
    def __init__(self, name, attributes, parent):
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self.data = {"name": name, "attributes": dict(attributes or {}), "parent": parent, "error": False}
        spans.append(self.data)
    def set_attribute(self, key, value):
        self.data["attributes"][key] = value
    def set_status(self, status, description=None):
        self.data["error"] = True

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

from strands import Agent, tool
from strands.models import Reply, ScriptedModel, ToolCall

@tool
def fail(secret: str) -> str:
    '''Fail.'''
    raise LookupError(secret)

usage = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
script = [Reply(tool_calls=[ToolCall("fail", {"secret": "canary"}, "t1")], usage=usage), Reply("ok", usage=usage)]
model = ScriptedModel(script)
agent = Agent(model=model, tools=[fail], name="worker", callback_handler=None, trace_attributes={"team": "a"})
agent("canary")
print(json.dumps(spans))
"""


def spans(**environment: str) -> list[dict[str, object]]:
    import os

    run = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return list(json.loads(run.stdout))


def test_an_invocation_its_model_calls_and_its_tools_leave_spans() -> None:
    found = spans()
    assert [(span["name"], span["parent"]) for span in found] == [
        ("invoke_agent worker", None),
        ("chat scripted", "invoke_agent worker"),
        ("execute_tool fail", "invoke_agent worker"),
        ("chat scripted", "invoke_agent worker"),
    ]
    attributes = found[0]["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["gen_ai.operation.name"] == "invoke_agent"
    assert attributes["gen_ai.usage.input_tokens"] == 6
    assert attributes["team"] == "a"
    failed = found[2]["attributes"]
    assert isinstance(failed, dict)
    assert (found[2]["error"], failed["error.type"]) == (True, "LookupError")


def test_case_37_content_is_left_out_unless_asked_for() -> None:
    assert "canary" not in json.dumps(spans())
    assert "canary" in json.dumps(spans(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true"))


def test_without_a_provider_nothing_of_opentelemetry_is_imported() -> None:
    code = CODE.split("from strands import", 1)[1].replace("print(json.dumps(spans))", "print(*sys.modules)")
    script = "import sys, json\nfrom strands import" + code
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith("opentelemetry")]
