"""`strands validate` finds what a run would refuse, and says where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from strands_cli.cli.validate import command
from support.console import Console

HEAD = """\
version: 0
name: t
runtime: {provider: scripted}
"""
CHAIN = "pattern: {type: chain, config: {steps: [{agent: a, input: hi}, {agent: a, input: '%s'}]}}\n"
AGENT = "agents: {a: {prompt: p%s}}\n"
GRAPH = """\
agents: {a: {prompt: p}}
pattern:
  type: graph
  config:
    nodes: {one: {agent: a}, two: {agent: a}}
    edges: [{from: one, choose: [%s]}]
"""
PARTS = CHAIN % "x"
REFUSED = {
    "a tool of no module": (AGENT % "" + "tools: {python: ['nowhere:tool']}\n" + PARTS, "/tools/python/0", "nowhere"),
    "a tool that its module lacks": (
        AGENT % "" + "tools: {python: [{callable: 'json:nothing'}]}\n" + PARTS,
        "/tools/python/0",
        "nothing",
    ),
    "a tool whose module fails": (
        AGENT % "" + "tools: {python: ['failing:tool']}\n" + PARTS,
        "/tools/python/0",
        "RuntimeError: no luck",
    ),
    "a constant for a tool": (
        AGENT % "" + "tools: {python: [{callable: 'math:pi'}]}\n" + PARTS,
        "/tools/python/0",
        "'math:pi' is a float, not a tool",
    ),
    "a tool that an agent lists": (AGENT % ", tools: ['nowhere:tool']" + PARTS, "/agents/a/tools/0", "nowhere"),
    "a tool of a step": (
        AGENT % "" + "pattern: {type: chain, config: {steps: [{agent: a, tool_overrides: ['nowhere:x']}]}}\n",
        "/pattern/config/steps/0/tool_overrides/0",
        "nowhere",
    ),
    "a skill that is not there": (AGENT % "" + "skills: [{id: s, path: ./none}]\n" + PARTS, "/skills/0/path", "'s'"),
    "a variable that is not declared": (
        AGENT % "" + "inputs: {values: {topic: x}}\n" + CHAIN % "{{ tpic }}",
        "/pattern/config/steps/1/input",
        "variable 'tpic' is not declared under 'inputs' (did you mean 'topic'?)",
    ),
    "a gate as another engine writes it": (
        AGENT % "" + "pattern: {type: chain, config: {steps: [{agent: a, manual_gate: {enabled: true}}]}}\n",
        "/pattern/config/steps/0/manual_gate",
        "agents.NAME.approvals",
    ),
    "a secret that is not declared": (
        AGENT % ""
        + "tools: {http_executors: [{id: h, base_url: 'https://x.org', headers: {A: 'Bearer ${KEY}'}}]}\n"
        + PARTS,
        "/tools/http_executors/0/headers/A",
        "'KEY'",
    ),
    "an absolute artifact": (
        AGENT % "" + "outputs: {artifacts: [{path: /tmp/x, from: y}]}\n" + PARTS,
        "/outputs/artifacts/0/path",
        "'/tmp/x'",
    ),
    "two artifacts at one place": (
        AGENT % "" + "outputs: {artifacts: [{path: x, from: y}, {path: ./x, from: y}]}\n" + PARTS,
        "/outputs/artifacts/1/path",
        "in the way",
    ),
    "a condition that says nothing": (
        GRAPH % "{when: '{% if last_response %}maybe{% endif %}', to: two}, {when: else, to: two}",
        "/pattern/config/edges/0/choose/0/when",
        "'maybe', neither true nor false",
    ),
    "a field that no result has": (
        AGENT % "" + CHAIN % "{{ steps[0].respnse }}",
        "/pattern/config/steps/1/input",
        "steps[0].respnse, and a result has no 'respnse'; did you mean 'response'?",
    ),
    "a field in a condition": (
        GRAPH % "{when: nodes.one.respnse, to: two}, {when: else, to: two}",
        "/pattern/config/edges/0/choose/0/when",
        "nodes.one.respnse",
    ),
    "a schema that refers to nothing": (
        AGENT % ", output_schema: {$ref: '#/$defs/x'}" + PARTS,
        "/agents/a/output_schema",
        "leads nowhere",
    ),
    "a schema of elsewhere": (
        AGENT % ", output_schema: {$ref: 'https://example.com/x'}" + PARTS,
        "/agents/a/output_schema",
        "not fetched",
    ),
}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "failing.py").write_text("raise RuntimeError('no luck')\n")
    return tmp_path / "spec.yaml"


def validated(spec: Path) -> tuple[int, Any]:
    done = CliRunner().invoke(command, [str(spec), "--json"], standalone_mode=False, catch_exceptions=False)
    return done.return_value, json.loads(done.output)


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_run_refuses_is_found(spec: Path, case: str) -> None:
    text, pointer, cause = REFUSED[case]
    spec.write_text(HEAD + text)
    code, told = validated(spec)
    assert code == 3, told
    (problem,) = told["problems"]
    assert problem["json_pointer"] == pointer
    assert cause in f"{problem['message']}; {problem['hint']}"
    assert problem["line"] > 3 and problem["column"] > 0


@pytest.mark.parametrize(
    ("text", "pointer", "cause"),
    [
        (GRAPH % "{when: 'last_response', to: two}", ":9:", "when no condition of node 'one' holds, the graph ends"),
        (AGENT % "" + "env: {secrets: [{key: NOT_SET_HERE}]}\n" + PARTS, ":5:", "'NOT_SET_HERE'"),
        (
            AGENT % ", tools: [python_exec]" + "security: {guardrails: {allow_tools: [calculator]}}\n" + PARTS,
            ":4:",
            "lists tool 'python_exec', which security.guardrails.allow_tools does not allow",
        ),
    ],
)
def test_what_is_no_error_is_told(spec: Path, text: str, pointer: str, cause: str) -> None:
    spec.write_text(HEAD + text)
    code, told = validated(spec)
    assert code == 0, told
    (warning,) = told["warnings"]
    assert cause in warning and pointer in warning


def test_a_variable_that_is_not_used_is_refused(console: Console, spec: Path) -> None:
    spec.write_text(HEAD + AGENT % "" + CHAIN % "{{ topic }}")
    for given, hint in (("zzz=1", "expected one of 'topic'"), ("tpic=1", "did you mean 'topic'?")):
        done = console.run("run", str(spec), "--var", "topic=x", "--var", given, code=2)
        assert hint in done.stderr
    console.run("run", str(spec), "--var", "topic=x")


def test_a_file_that_declares_no_variables_has_those_that_it_uses(spec: Path) -> None:
    spec.write_text(HEAD + AGENT % "" + CHAIN % "{{ topic }}")
    assert validated(spec)[0] == 0


def test_a_skill_that_is_not_there_stops_a_run_before_it_begins(console: Console, spec: Path) -> None:
    text = HEAD + AGENT % "" + "skills: [{id: s, path: ./skill}]\n"
    spec.write_text(text + PARTS)
    for words in (("validate",), ("run", "--offline")):
        done = console.run(*words, str(spec), code=3)
        assert f"{spec}:5:24: the skill 's' has no file 'SKILL.md'" in done.stderr

    asking = "pattern: {type: chain, config: {steps: [{type: hitl, prompt: ok?}, {agent: a}]}}\n"
    spec.write_text(text + asking)
    skill = spec.parent / "skill" / "SKILL.md"
    skill.parent.mkdir()
    skill.write_text("Do it.")
    session = json.loads(console.run("run", str(spec), "--offline", "--json", code=19).stdout)["session_id"]
    skill.unlink()
    refused = console.run("resume", session, "--response", "yes", code=3)
    assert "your answer is recorded" in refused.stderr
    skill.write_text("Do it.")
    console.run("resume", session)


def test_the_hint_names_the_file(console: Console) -> None:
    console.write("my flow.yaml", HEAD + AGENT % "" + "tools: {python: ['nowhere:tool']}\n" + PARTS)
    assert "strands validate 'my flow.yaml'" in console.run("validate", "my flow.yaml", code=3).stderr
