"""Spans: left when somebody collects them, otherwise not even thought of."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from strands import Agent
from strands.models import OpenAIModel
from strands.session import FileSessionManager
from strands.telemetry._conventions import of_model
from strands.telemetry.tracer import serialize
from support.providers import Provider, parameters

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


def spans(code: str = CODE, **environment: str) -> list[dict[str, object]]:
    import os

    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
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
    assert {json.dumps(span["attributes"]["session.id"]) for span in found} == {json.dumps(failed["session.id"])}  # type: ignore[index]
    assert failed["team"] == "a"


def test_spans_say_whose_model_it_is_and_messages_are_lists_of_parts() -> None:
    found = [span["attributes"] for span in spans(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true")]
    agent, chat, called, last = (dict(each) for each in found if isinstance(each, dict))
    assert {each["gen_ai.provider.name"] for each in (agent, chat, last)} == {"scripted"}
    assert called["gen_ai.tool.description"] == "Fail."
    assert json.loads(agent["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "canary"}]}
    ]
    call = {"type": "tool_call", "id": "t1", "name": "fail", "arguments": {"secret": "canary"}}
    assert json.loads(chat["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [call], "finish_reason": "tool_call"}
    ]
    history = json.loads(last["gen_ai.input.messages"])
    assert [message["role"] for message in history] == ["user", "assistant", "tool"]
    assert [part["type"] for part in history[2]["parts"]] == ["tool_call_response"]
    assert json.loads(agent["gen_ai.output.messages"])[0]["finish_reason"] == "stop"


STRUCTURE = CODE.replace(
    'agent("canary")',
    """from pydantic import BaseModel

class Person(BaseModel):
    name: str

agent.model = ScriptedModel([ToolCall("Person", {"name": "Ada"}), ValueError("canary")])
agent.structured_output(Person, "Who?")
with contextlib.suppress(ValueError):
    agent.structured_output(Person, "Who?")""",
)


def test_a_structure_that_is_asked_for_leaves_a_span() -> None:
    found = spans(STRUCTURE)
    assert [(span["name"], span["error"]) for span in found] == [
        ("execute_structured_output", False),
        ("execute_structured_output", True),
    ]
    attributes = found[0]["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["gen_ai.operation.name"] == "execute_structured_output"
    assert (attributes["gen_ai.agent.name"], attributes["team"]) == ("worker", "a")
    assert not any("messages" in name for name in attributes)
    (told, _) = (
        span["attributes"] for span in spans(STRUCTURE, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true")
    )
    assert isinstance(told, dict)
    assert "Who?" in told["gen_ai.input.messages"]
    assert "Ada" in told["gen_ai.output.messages"]


@pytest.mark.parametrize("provider", parameters())
def test_a_providers_name_is_the_one_of_the_conventions(provider: Provider) -> None:
    names = {"bedrock": "aws.bedrock", "gemini": "gcp.gemini", "openai_responses": "openai"}
    model = provider.make("http://127.0.0.1:9", 1)
    agent = Agent(model=model, callback_handler=None, session_manager=None)
    assert of_model(agent)["gen_ai.provider.name"] == names.get(provider.name, provider.name)


def test_the_settings_of_a_request_and_the_conversation_are_named(tmp_path: Path) -> None:
    model = OpenAIModel(client_args={"api_key": "k"}, model_id="m", params={"temperature": 0.2, "max_tokens": 9})
    session = FileSessionManager("talk", storage_dir=tmp_path)
    agent = Agent(model=model, session_manager=session, callback_handler=None, trace_attributes={"team": "a"})
    assert of_model(agent) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.conversation.id": "talk",
        "session.id": "talk",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 9,
        "team": "a",
    }


def test_case_37_content_is_left_out_unless_asked_for() -> None:
    assert "canary" not in json.dumps(spans())
    assert "canary" in json.dumps(spans(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true"))


def test_without_a_provider_nothing_of_opentelemetry_is_imported() -> None:
    code = CODE.split("from strands import", 1)[1].replace("print(json.dumps(spans))", "print(*sys.modules)")
    script = "import sys, json\nfrom strands import" + code
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith("opentelemetry")]


BLOCKED = """
from strands import Agent
from strands.models import Model

class Guarded(Model):
    def get_config(self):
        return {"model_id": "guarded"}
    async def structured_output(self, *args, **kwargs):
        yield {}
    async def stream(self, messages, *args, **kwargs):
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockDelta": {"delta": {"text": "No."}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "guardrail_intervened"}}
        yield {"redactContent": {"redactUserContentMessage": "taken back"}}

Agent(model=Guarded(), callback_handler=None)("a canary")
print(json.dumps(spans))
"""


def test_what_a_guardrail_took_back_is_in_no_span() -> None:
    env = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    found = json.dumps(spans(CODE.split("from strands import", 1)[0] + BLOCKED, **env))
    assert "canary" not in found
    assert found.count("taken back") == 2


GUARDED_TOOL = """
from strands import Agent, tool
from strands.models import Reply, ScriptedModel, ToolCall

class Guarded(ScriptedModel):
    def get_config(self):
        return {"model_id": "guarded", "guardrail_id": "g"}
    async def stream(self, messages, *args, **kwargs):
        async for event in super().stream(messages, *args, **kwargs):
            yield event
        if "canary" in str(messages[-1]):
            yield {"redactContent": {"redactUserContentMessage": "taken back"}}
            if HOW == "breaks":
                raise LookupError

worker = Agent(model=ScriptedModel(["I am a canary"]), name="worker", callback_handler=None)

@tool
def look() -> str:
    "Look."
    return "a sparrow" if HOW == "passes" else "a canary"

uses = [ToolCall("look", {}, "t1"), ToolCall("worker", {"input": "sing"}, "t2")]
script = [Reply(tool_calls=uses[:1] if HOW == "passes" else uses), "done"]
with contextlib.suppress(Exception):
    Agent(model=Guarded(script), tools=[look, worker], callback_handler=None)("go")
print(json.dumps(spans))
"""


def guarded(how: str) -> list[dict[str, object]]:
    code = CODE.split("from strands import", 1)[0] + GUARDED_TOOL.replace("HOW", repr(how))
    return spans(code, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true")


@pytest.mark.parametrize("how", ["replies", "breaks"])
def test_a_tools_result_that_a_guardrail_took_back_is_in_no_span(how: str) -> None:
    found = guarded(how)
    assert {"execute_tool look", "invoke_agent worker"} <= {str(span["name"]) for span in found}
    assert "canary" not in json.dumps(found)
    assert "taken back" in json.dumps(found)


def test_a_tools_result_that_a_guardrail_let_pass_is_in_the_span_of_the_model_call() -> None:
    assert [span["name"] for span in guarded("passes") if "sparrow" in json.dumps(span)] == ["chat guarded"]


def test_what_json_cannot_hold_is_replaced() -> None:
    circle: list[object] = [1]
    circle.append(circle)
    assert serialize({"huge": 2**100_000, "call": len, "at": date(2026, 1, 2), "small": [2**64]}) == (
        '{"huge": "<replaced>", "call": "<replaced>", "at": "2026-01-02", "small": [18446744073709551616]}'
    )
    assert serialize(circle) == '[1, "<replaced>"]'
