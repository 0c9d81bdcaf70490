"""Keys and headers reach the provider, and nothing else: no file of the session, no log, no trace, no message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.console import environment
from support.stub_openai import Fault, StubOpenAI, Use

KEY, HEADER = "canary-key-7f3a9", "canary-header-2b81c"
PROGRAM = """
import logging, os, sys

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models import OpenAIModel
from strands.session import FileSessionManager
from strands.types.exceptions import ModelError

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
logging.basicConfig(level=logging.INFO)
logging.getLogger("strands").setLevel(logging.DEBUG)

@tool
def delete(path: str) -> str:
    '''Delete a file.'''
    return f"deleted {path}"

def approve(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approval", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"

def new_agent() -> Agent:
    model = OpenAIModel(client_args={"default_headers": {"X-Team": os.environ["TEAM"]}}, model_id="gpt-4o-mini")
    session = FileSessionManager("s", storage_dir="sessions")
    return Agent(model=model, tools=[delete], hooks=[approve], session_manager=session)

result = new_agent()("Delete old.txt")
answer = {"interruptResponse": {"interruptId": result.interrupts[0].id, "response": "y"}}
print(new_agent()([answer]), result.metrics.get_summary())
try:
    new_agent()("again")
except ModelError as error:
    print(repr(error), error.__cause__)
"""


def test_case_37_keys_and_headers_are_nowhere_but_in_the_request(tmp_path: Path) -> None:
    refused = Fault(401, body={"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}})
    with StubOpenAI([Use("delete", {"path": "old.txt"}), "Gone.", refused]) as stub:
        secrets = {"OPENAI_BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "TEAM": HEADER}
        command = [sys.executable, "-c", PROGRAM]
        env = environment(tmp_path / "home", secrets)
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True)
        assert [request.headers["x-team"] for request in stub.requests] == [HEADER] * 3
        assert stub.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "Gone." in done.stdout and "execute_tool delete" in done.stdout and "ModelAuthenticationError" in done.stdout
    left = "\n".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert "old.txt" in left
    for canary in (KEY, HEADER):
        assert canary not in done.stdout + done.stderr + left
