"""The quick start of the Python guide, and a handler that says yes."""

from __future__ import annotations

from strands_cli.types import HITLState
from support.stub_openai import StubOpenAI

QUICK_START = """\
version: 0
name: interactive-research
runtime:
  provider: openai
  model_id: gpt-4o-mini
agents:
  researcher:
    prompt: "Research the topic and provide key findings"
  writer:
    prompt: "Write a summary based on the research"
pattern:
  type: chain
  config:
    steps:
      - agent: researcher
        input: "Research {{topic}}"
      - type: hitl
        prompt: "Review the research findings. Approve or request changes?"
        context_display: "{{ steps[0].response }}"
      - agent: writer
        input: "Write summary. HITL feedback: {{hitl_response}}"
"""


def approve(state: HITLState) -> str:
    return "approved"


def prompts(stub: StubOpenAI) -> list[str]:
    return [request.prompt for request in stub.requests]
