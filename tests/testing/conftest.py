"""Files that tests of the rehearsal kit begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

REPORT = """\
version: 0
name: report
runtime: {provider: openai, model_id: gpt-4o-mini}
inputs: {required: {topic: string}}
agents:
  researcher: {prompt: "You research {{ topic }}."}
  writer: {prompt: "You write."}
pattern:
  type: chain
  config:
    steps:
      - {agent: researcher, input: "Find out about {{ topic }}."}
      - {type: hitl, prompt: "Good enough?", context_display: "{{ steps[0].response }}", choices: [approved, revise]}
      - {agent: writer, input: "Write it up ({{ hitl_response }}): {{ steps[0].response }}"}
outputs:
  artifacts:
    - {path: "report-{{ topic }}.md", from: "{{ last_response }}"}
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A workflow file: two agents, and a question between them."""
    file = tmp_path / "report.yaml"
    file.write_text(REPORT, encoding="utf-8")
    return file
