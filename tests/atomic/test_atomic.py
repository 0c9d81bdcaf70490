"""Atomic agents: found, described, run and tested; their contracts hold alone and inside a workflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.atomic import AtomicError, find, init, load, named, run, run_cases
from strands_cli.errors import ExecutionError, InputError, StorageError
from support.console import Console

RATER = """\
name: rater
description: Rates a text.
prompt: Rate it in {{ language | default("English") }}.
input_schema:
  type: object
  properties: {text: {type: string}, language: {type: string}}
  required: [text]
output_schema:
  type: object
  properties: {score: {type: integer, minimum: 0, maximum: 10}}
  required: [score]
"""
WHOLE = """\
version: 0
name: greeter
runtime: {provider: openai, model_id: gpt-4o-mini}
inputs: {required: {who: string}}
agents: {greeter: {prompt: You greet.}}
pattern: {type: chain, config: {steps: [{agent: greeter, input: "Greet {{ who }}"}]}}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    (tmp_path / "atomic").mkdir()
    (tmp_path / "atomic" / "rater.yaml").write_text(RATER)
    return tmp_path


def test_agents_are_found_by_name_and_by_path(place: Path) -> None:
    (place / "agents" / "atomic").mkdir(parents=True)
    (place / "agents" / "atomic" / "greeter.yaml").write_text(WHOLE)
    (place / "atomic" / "broken.yaml").write_text("name: broken\nprmpt: x\n")
    found = {each.path.stem: each for each in find()}
    assert set(found) == {"rater", "greeter", "broken"}
    assert found["broken"].error is not None
    assert named("greeter").agent.prompt == "You greet."
    assert named("atomic/rater.yaml").description == "Rates a text."
    with pytest.raises(AtomicError, match="'ratr'") as error:
        named("ratr")
    assert "rater" in error.value.hint


def test_a_file_with_two_agents_is_none(place: Path) -> None:
    path = place / "two.yaml"
    path.write_text(WHOLE.replace("{greeter: {prompt: You greet.}}", "{greeter: {prompt: a}, other: {prompt: b}}"))
    with pytest.raises(AtomicError, match="2 agents"):
        load(path)


def test_the_input_is_the_message_and_its_fields_are_names_of_the_prompt() -> None:
    model = ScriptedModel([{"score": 7}])
    result = run(named("rater"), {"text": "Tea", "language": "French"}, model=model)
    assert result.output == {"score": 7}
    assert json.loads(model.requests[0].messages[0]["content"][0]["text"]) == {"text": "Tea", "language": "French"}
    assert str(model.requests[0].system_prompt).startswith("Rate it in French.")


def test_a_workflow_of_one_agent_takes_its_variables(place: Path) -> None:
    (place / "greeter.yaml").write_text(WHOLE)
    for value in ({"who": "Ada"}, "Ada"):
        model = ScriptedModel(["Hello."])
        assert run(load("greeter.yaml"), value, model=model).output == "Hello."
        assert model.requests[0].messages[0]["content"] == [{"text": "Greet Ada"}]


@pytest.mark.parametrize("value", [{"txt": "Tea"}, "Tea", None, {"text": 7}])
def test_input_that_does_not_fit_never_reaches_a_model(value: Any) -> None:
    model = ScriptedModel([])
    with pytest.raises(InputError, match="input_schema"):
        run(named("rater"), value, model=model)
    assert model.requests == []


def test_output_that_does_not_fit_is_asked_for_again_and_then_fails() -> None:
    assert run(named("rater"), {"text": "x"}, model=ScriptedModel(["ten", {"score": 10}])).output == {"score": 10}
    with pytest.raises(ExecutionError, match="output_schema"):
        run(named("rater"), {"text": "x"}, model=ScriptedModel([{"score": 11}], repeat="last"))


def test_a_rehearsal_keeps_the_contract() -> None:
    assert 0 <= run(named("rater"), {"text": "x"}, offline=True).output["score"] <= 10


# -- inside a workflow --------


def spec(message: str, **agent: Any) -> dict[str, Any]:
    return {
        "version": 0,
        "name": "rating",
        "runtime": {"provider": "scripted"},
        "inputs": {"required": {"text": "string"}},
        "agents": {"rater": {"$ref": "./atomic/rater.yaml", **agent}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "rater", "input": message}]}},
    }


@pytest.mark.parametrize("message", ['{"text": {{ text | tojson }}}', "Please rate: {{ text }}"])
def test_a_step_gives_the_input_as_json_or_by_name(message: str) -> None:
    model = ScriptedModel(['Here: {"score": 3}'])
    result = Workflow.from_dict(spec(message), model=model).run(text='a "quoted" one')
    assert result.last_response == '{"score": 3}'


def test_a_step_that_breaks_the_contract_fails_before_the_model_is_asked() -> None:
    whole = spec("{{ topic }}")
    whole["inputs"] = {"required": {"topic": "string"}}
    model = ScriptedModel([])
    with pytest.raises(ExecutionError, match="'text' is a required property"):
        Workflow.from_dict(whole, model=model).run(topic="tea")
    assert model.requests == []


# -- tests of agents --------


def cases(place: Path, text: str, **options: Any) -> list[list[str]]:
    import asyncio

    (place / "atomic" / "rater.tests.yaml").write_text(text)
    return [result.problems for result in asyncio.run(run_cases(named("rater"), **options))]


def test_tests_say_what_is_not_as_expected(place: Path) -> None:
    text = """\
tests:
  - {name: good, input: {text: a}, reply: {score: 1}, expect: {fields: {score: 1}, equals: {score: 1}}}
  - {name: bad, input: {text: a}, reply: {score: 2}, expect: {fields: {score: 1}, matches: "^x", contains: [zzz]}}
  - {name: refused, input: {}, expect: {fails: input_schema}}
  - {name: breaks, input: {text: a}, reply: {score: 99}}
  - {name: was to fail, input: {text: a}, reply: {score: 1}, expect: {fails: output_schema}}
"""
    good, bad, refused, breaks, was_to_fail = cases(place, text)
    assert good == refused == []
    assert len(bad) == 3
    assert "output_schema" in breaks[0]
    assert "did not" in was_to_fail[0]
    assert cases(place, text, only="good") == [[]]


def test_tests_of_another_engine_are_read(place: Path) -> None:
    (place / "atomic" / "sample.json").write_text('{"text": "a"}')
    (place / "atomic" / "high.json").write_text('{"properties": {"score": {"minimum": 2}}}')
    text = """\
tests:
  - name: good
    input: ./sample.json
    reply: {score: 3}
    expect: {output_schema: ./high.json, checks: [{type: has_keys, keys: [score]}, {type: contains, value: "3"}]}
  - name: bad
    input: ./sample.json
    reply: {score: 1}
    expect:
      output_schema: ./high.json
      checks:
        - {type: has_keys, keys: [score, why]}
        - {type: max_length, field: score, value: 0}
        - {type: max_length, field: why, value: 9}
        - {type: contains, value: zzz}
"""
    good, bad = cases(place, text)
    assert good == []
    assert [each.partition(" has ")[0] for each in bad[1:4]] == ["the output", "score", "the output"]
    assert len(bad) == 5 and "minimum" in bad[0] and "'zzz' is not in the output" in bad[4]
    with pytest.raises(AtomicError, match=r"'\./none\.json', which cannot be read"):
        cases(place, "tests: [{name: x, input: ./none.json}]")


@pytest.mark.parametrize("text", ["tests: []", "tests: [{nam: x}]", "cases: []"])
def test_malformed_tests_are_an_error(place: Path, text: str) -> None:
    with pytest.raises(AtomicError, match="malformed"):
        cases(place, text)


def test_a_new_agent_passes_its_own_tests(place: Path) -> None:
    files = init("sum-up")
    assert [path.name for path in files] == ["sum-up.yaml", "sum-up.tests.yaml"]
    with pytest.raises(StorageError, match="exists already"):
        init("sum-up")
    with pytest.raises(AtomicError):
        init("../escape")


# -- command line --------


def test_the_commands(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.run("atomic", "init", "sum-up")
    assert [each["name"] for each in json.loads(console.run("atomic", "list", "--json").stdout)] == ["rater", "sum-up"]
    assert "sum-up" in console.run("atomic", "list").stdout
    assert "Takes:" in console.run("atomic", "describe", "sum-up").stdout
    assert "3 tests" in console.run("atomic", "validate", "sum-up").stdout
    assert "3 passed, 0 failed." in console.run("atomic", "test", "sum-up", "--offline").stdout
    given = json.dumps({"text": "Tea."})
    assert "summary" in json.loads(console.run("atomic", "run", "sum-up", "--offline", "--input", given).stdout)
    console.run("atomic", "run", "sum-up", "--offline", "--input", "{}", code=2)
    console.run("atomic", "describe", "nobody", code=3)


def test_list_tools(tmp_path: Path) -> None:
    console = Console(tmp_path)
    listed = json.loads(console.run("list-tools", "--json").stdout)
    assert {"calculator", "http_request", "python_exec"} <= {each["name"] for each in listed}
    console.write("w.yaml", WHOLE.replace("pattern:", "tools: {python: [calculator]}\npattern:"))
    assert "calculator" in console.run("list-tools", "w.yaml").stdout
