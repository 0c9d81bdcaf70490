"""What workflow files of strands-cli 0.3 say runs here as it is written."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli import Workflow
from strands_cli.atomic import load, run_cases
from strands_cli.cli.app import app
from strands_cli.errors import StrandsError
from strands_cli.loader.load import load_dict
from strands_cli.loader.template import evaluate, render

MODULE = '''
from typing import Any

TOOL_SPEC = {
    "name": "echo",
    "description": "Return the message.",
    "inputSchema": {"json": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}},
}


def echo(tool: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    return {"toolUseId": tool["toolUseId"], "status": "success", "content": [{"text": tool["input"]["message"]}]}


def shout(message: str) -> str:
    """Say it aloud."""
    return message.upper()
'''


def told(model: ScriptedModel) -> list[str]:
    """Return what the model was told by tools."""
    blocks = [block for message in model.requests[-1].messages for block in message["content"]]
    return [part["text"] for block in blocks if "toolResult" in block for part in block["toolResult"]["content"]]


def workflow(folder: Path, model: ScriptedModel, **more: Any) -> Workflow:
    agent = {"prompt": "You work.", **more.pop("agent", {})}
    pattern = {"type": "chain", "config": {"steps": [{"agent": "a", "input": "Go"}]}}
    spec = {"version": 0, "name": "w", "runtime": {"provider": "openai", "model_id": "m"}, "agents": {"a": agent}}
    return Workflow(load_dict({**spec, "pattern": pattern, **more}, base_dir=folder), model=model)


@pytest.mark.parametrize(
    ("reference", "name", "said"),
    [
        ("./tools/echo.py", "echo", "hello"),
        ("./tools/echo.py:echo", "echo", "hello"),
        ("./tools/echo.py:shout", "shout", "HELLO"),
        ("tools/echo.py:shout", "shout", "HELLO"),
        ("kit.echo", "echo", "hello"),
        ("kit.echo:shout", "shout", "HELLO"),
        ("kit.echo.echo", "echo", "hello"),
    ],
)
def test_tools_are_named_by_file_or_by_module(tmp_path: Path, reference: str, name: str, said: str) -> None:
    for folder in ("tools", "kit"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "echo.py").write_text(MODULE)
    (tmp_path / "kit" / "__init__.py").touch()
    for declared in (reference, {"callable": reference}):
        model = ScriptedModel([ToolCall(name, {"message": "hello"}), "done"])
        made = workflow(tmp_path, model, tools={"python": [declared]}, agent={"tools": [name]})
        assert made.run().success
        assert told(model) == [said]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    made = workflow(tmp_path, ScriptedModel(["done"]), tools={"python": ["./none.py:tool"]})
    with pytest.raises(StrandsError, match="there is no file"):
        made.run()


@pytest.mark.parametrize("agent", [{"tools": ["Skill"]}, {"prompt": 'Load skills with Skill("s").'}])
def test_skills_are_loaded_by_the_tool_skill(tmp_path: Path, agent: dict[str, Any]) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "README.md").write_text("Read patterns first.")
    (tmp_path / "skills" / "patterns.md").write_text("A chain has steps.")
    calls = [ToolCall("Skill", {"skill_id": "s"}), ToolCall("Skill", {"skill_id": "s/patterns"})]
    model = ScriptedModel([*calls, "done"])
    assert workflow(tmp_path, model, skills=[{"id": "s", "path": "./skills"}], agent=agent).run().success
    first, second = told(model)
    assert first.startswith("Read patterns first.")
    assert second == "A chain has steps."


SPEC: dict[str, Any] = {"version": 0, "name": "w", "runtime": {"provider": "openai"}, "agents": {"a": {"prompt": "p"}}}


def test_tasks_have_a_title_and_a_description() -> None:
    task = {"id": "one", "agent": "a", "input": "Go", "title": "First of all", "description": "It begins here."}
    made = Workflow.from_dict({**SPEC, "pattern": {"type": "workflow", "config": {"tasks": [task]}}}, offline=True)
    assert "First of all" in made.draw("text")
    assert made.run().success


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("len(rows) == 2 and int('3') == 3", True),
        ("{{ str(score) == '85' }}", True),
        ("float('8.5') > 9 or bool('')", False),
        ("len(list('ab')) == 2", True),
        ("ELSE", True),
        (" Else ", True),
    ],
)
def test_conditions_have_functions_and_else_in_any_case(condition: str, holds: bool) -> None:
    assert evaluate(condition, {"rows": ["a", "b"], "score": 85}) is holds


def test_templates_have_these_functions_too_unless_a_variable_is_called_so() -> None:
    assert render("{{ len(rows) }} {{ str(len(rows)) ~ 'x' }}", {"rows": [1, 2]}) == "2 2x"
    assert render("{{ list }}", {"list": "a variable"}) == "a variable"


def test_a_graph_takes_the_edge_of_else() -> None:
    nodes = {name: {"agent": "a", "input": name} for name in ("one", "two", "three")}
    choose = [{"when": "len(nodes.one.response) > 100", "to": "two"}, {"when": "ELSE", "to": "three"}]
    pattern = {"type": "graph", "config": {"nodes": nodes, "edges": [{"from": "one", "choose": choose}]}}
    made = Workflow.from_dict({**SPEC, "pattern": pattern}, model=ScriptedModel(["short", "end"]))
    assert not made.spec.warnings
    assert made.run().execution_context["execution_path"] == ["one", "three"]


ATOMIC = """
version: 0
name: NAME
runtime: {provider: openai, model_id: gpt-4o-mini}
agents:
  NAME: {prompt: You sum up., input_schema: ./schemas/input.json, output_schema: ./schemas/output.json}
metadata: {labels: {strands.io/agent_type: atomic, strands.io/version: v1}}
pattern:
  type: chain
  config:
    steps:
      - {agent: NAME, input: "Sum up: {{ inputs.values | default({}, true) | tojson }}", tool_overrides: []}
"""
TESTS = """
KEY:
  - name: sample
    input: WHERE/examples/sample.json
    EXPECT: {output_schema: WHERE/schemas/output.json, checks: [{type: has_keys, keys: [summary]}]}
"""


@pytest.mark.parametrize(
    ("place", "where", "key", "expect"),
    [
        ("agents/atomic/sum/tests.yaml", ".", "tests", "expect"),
        ("agents/atomic/sum/tests.yml", ".", "cases", "expect"),
        ("tests/sum_tests.yaml", "../agents/atomic/sum", "agent: sum\ntests", "expectations"),
    ],
)
def test_tests_of_atomic_agents_are_found_and_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, where: str, key: str, expect: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "agents/atomic/sum"
    for each in (folder / "schemas", folder / "examples", tmp_path / "tests"):
        each.mkdir(parents=True)
    (folder / "sum.yaml").write_text(ATOMIC.replace("NAME", "sum"))
    for name, field in (("input", "topic"), ("output", "summary")):
        schema = '{"type": "object", "properties": {"NAME": {"type": "string"}}, "required": ["NAME"]}'
        (folder / f"schemas/{name}.json").write_text(schema.replace("NAME", field))
    (folder / "examples/sample.json").write_text('{"topic": "tests"}')
    (tmp_path / place).write_text(TESTS.replace("WHERE", where).replace("KEY", key).replace("EXPECT", expect))
    agent = load("agents/atomic/sum/sum.yaml")
    model = ScriptedModel(['{"summary": "s"}'])
    [passed] = asyncio.run(run_cases(agent, model=model))
    assert passed.problems == []
    assert model.requests[0].messages[0]["content"] == [{"text": 'Sum up: {"topic": "tests"}'}]
    command = ["atomic", "run", "sum", "--input-file", str(folder / "examples/sample.json"), "--offline"]
    assert CliRunner().invoke(app, [*command, "--output-file", "out.json"]).exit_code == 0
    assert "summary" in json.loads((tmp_path / "out.json").read_text())
    [failed] = asyncio.run(run_cases(agent, model=ScriptedModel(["{}"], repeat="last")))
    assert failed.problems


def test_commands_about_atomic_agents_take_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(app, ["atomic", "init", "sum", "--domain", "service", "--capability", "summing up"]).exit_code == 0
    assert "summing up" in (tmp_path / "atomic/sum.yaml").read_text()
    assert json.loads(run(app, ["atomic", "describe", "sum", "--format", "json"]).stdout)["name"] == "sum"
    assert "name: sum" in run(app, ["atomic", "describe", "sum", "--format", "yaml"]).stdout
    assert "1 passed" in run(app, ["atomic", "test", "sum", "--filter", "refused"]).output


def test_a_typed_answer_is_given_on_as_text_where_the_next_agent_wants_text() -> None:
    digest = {"type": "object", "properties": {"bullets": {"type": "array"}}, "required": ["bullets"]}
    wanted = {"type": "object", "properties": {"summary": {"type": "string"}, "rank": {"type": "integer"}}}
    agents = {
        "a": {"prompt": "You sum up.", "output_schema": digest},
        "b": {"prompt": "You rank.", "input_schema": wanted},
    }

    def made(given: str) -> Workflow:
        steps = [{"agent": "a", "input": "Go"}, {"agent": "b", "input": given}]
        pattern = {"type": "chain", "config": {"steps": steps}}
        spec = {**SPEC, "agents": agents, "pattern": pattern}
        return Workflow.from_dict(spec, model=ScriptedModel(['{"bullets": ["late"]}', "high"]))

    assert made('{"summary": {{ steps[0].response | tojson }}}').run().last_response == "high"
    with pytest.raises(StrandsError, match="is not of type 'integer'"):
        made('{"rank": {{ steps[0].response | tojson }}}').run()
    with pytest.raises(StrandsError, match="is not of type 'string'"):
        made('{"summary": 7}').run()
