"""`strands test`: workflows over tables of inputs, what is expected of them, and the reports."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from strands_cli.cli.test import command
from strands_cli.testing import evaluate
from support.console import Console
from support.stub_http import Say, Use
from support.stub_openai import StubOpenAI

SCRIPTS = {"researcher": "Tea is old.", "writer": '{"title": "Tea", "score": 7}'}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False)


@pytest.fixture
def here(report: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the workflow file, in which commands run, without a key."""
    monkeypatch.chdir(report.parent)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("STRANDS_HOME", str(report.parent / "home"))
    return report.parent


def problems(here: Path, expect: dict[str, Any], **more: Any) -> list[str]:
    """Return what is said of one rehearsed run."""
    case = {"name": "one", "variables": {"topic": "tea"}, "answers": ["approved"], "replies": SCRIPTS, **more}
    (here / "report.tests.json").write_text(json.dumps({"tests": [{**case, "expect": expect}]}))
    done = run("report.tests.json", "--json")
    if done.exception is not None:
        raise done.exception
    (verdict,) = json.loads(done.stdout)["files"][0]["tests"]
    assert done.return_value == (0 if verdict["passed"] else 10)
    assert verdict["passed"] == (not verdict["problems"])
    found: list[str] = verdict["problems"]
    return found


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"status": "completed", "agents": ["researcher", "writer"], "asks": ["good enough"], "tools": []},
        {"contains": "score", "not_contains": "angry", "fields": {"score": 7}, "max_length": 100},
        {"equals": {"title": "Tea", "score": 7}, "output_schema": {"required": ["title"]}},
        {"steps": {"researcher": "old", "steps/2": {"matches": "Te."}}},
        {"artifacts": {"report-tea.md": "Tea"}, "max_tokens": 1000, "max_cost": 1.5},
    ],
)
def test_a_run_as_it_should_be_passes(here: Path, expect: dict[str, Any]) -> None:
    assert problems(here, expect) == []


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ({"status": "failed"}, "the run is completed, not failed"),
        ({"fails": "denied"}, "the run is completed, not failed"),
        ({"agents": "writer"}, "the agents are researcher, writer, not writer"),
        ({"tools": ["deploy"]}, "the tools are none, not deploy"),
        ({"asks": []}, "it asks 1 questions, not 0: 'Good enough?'"),
        ({"asks": ["Fine?"]}, "it asks 'Good enough?', without 'Fine?'"),
        ({"contains": "coffee"}, "'coffee' is not in the output"),
        ({"fields": {"score": 8}}, "score is 7, not 8"),
        ({"steps": {"researcher": "new"}}, "researcher: 'new' is not in the output"),
        ({"steps": {"editor": "new"}}, "there was no step 'editor'; the steps: steps/0 (researcher), steps/2 (writer)"),
        ({"artifacts": {"report.md": ""}}, "the file 'report.md' is not written; written: report-tea.md"),
        (
            {"artifacts": {"report-tea.md": {"max_length": 2}}},
            "report-tea.md: the output has 28 characters, more than 2",
        ),
        ({"max_tokens": 3}, "more than 3"),
    ],
)
def test_what_does_not_hold_is_said(here: Path, expect: dict[str, Any], problem: str) -> None:
    (told,) = problems(here, expect)
    assert problem in told


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"answers": []}, "the run is paused, not completed: nobody answers 'Good enough?' (steps/1)"),
        ({"answers": ["approved", "no"]}, "nobody asked for 'no'"),
        ({"answers": ["perhaps"]}, "'perhaps' is not one of the choices"),
        ({"replies": {"writter": "x"}}, "script for 'writter', which is not an agent"),
        ({"variables": {}}, "topic"),
    ],
)
def test_a_test_that_cannot_run_fails_and_says_why(here: Path, more: dict[str, Any], problem: str) -> None:
    (told,) = problems(here, {}, **more)
    assert problem in told


def test_a_failure_may_be_what_is_expected(here: Path) -> None:
    assert problems(here, {"fails": "not one of the choices"}, answers=["perhaps"]) == []
    assert problems(here, {"status": "paused", "asks": ["Good"]}, answers=[]) == []


def test_texts_that_are_made_up_are_not_compared(here: Path) -> None:
    rows = "name,topic,answers,expect.contains,expect.agents\n"
    rows += 'made up,tea,approved,nobody says this,"[""researcher"", ""writer""]"\n'
    (here / "report.tests.csv").write_text(rows + "order,tea,approved,,writer\n")
    done = run("--offline")
    assert done.return_value == 10
    assert "ok   made up" in done.output
    assert "FAIL order" in done.output
    assert "1 passed, 1 failed" in done.output
    assert "Texts of 1 were made up, and not compared." in done.output


def test_a_table_has_a_test_in_each_row(here: Path) -> None:
    (here / "report.tests.csv").write_text(
        "topic,answers.q1,replies.writer,expect.contains,expect.artifacts.report-tea.md\n"
        'tea,approved,"All about tea, and more",tea,About\n'
        "coffee,revise,On coffee,tea,\n"
    )
    done = run("report.yaml", "--json")
    tests = json.loads(done.stdout)["files"][0]["tests"]
    assert [(test["name"], test["problems"]) for test in tests] == [
        ("1: topic=tea", []),
        ("2: topic=coffee", ["'tea' is not in the output"]),
    ]


def test_a_table_may_be_lines_of_json_and_stand_elsewhere(here: Path) -> None:
    row = {"topic": "tea", "answers": ["approved"], "replies": SCRIPTS, "expect": {"contains": "Tea"}}
    (here / "rows.jsonl").write_text(f"{json.dumps(row)}\n\n{json.dumps({**row, 'name': 'second'})}\n")
    assert "2 passed" in run("rows.jsonl", "--workflow", "report.yaml").output
    (here / "all.tests.yaml").write_text("workflow: report.yaml\ntests: rows.jsonl\n")
    done = run("--only", "second")
    assert "1 passed, 0 failed" in done.output and "all.tests.yaml" in done.output


def test_a_program_evaluates_too(here: Path) -> None:
    (here / "report.tests.csv").write_text("name,topic,answers\nfirst,tea,approved\nsecond,milk,\n")
    result = evaluate("report.yaml", offline=True)
    assert [(verdict.name, verdict.passed) for verdict in result.verdicts] == [("first", True), ("second", False)]
    assert evaluate("report.tests.csv", only="first", offline=True, repeat=3).failed == 0


def test_defaults_hold_for_each_test(here: Path) -> None:
    (here / "report.tests.yaml").write_text(
        "defaults: {variables: {topic: tea}, answers: [approved], replies: {writer: Tea}, expect: {contains: tea}}\n"
        "tests:\n  - {name: first}\n  - {name: second, vars: {topic: milk}, replies: {writer: Milk}}\n"
    )
    done = run("report.yaml")
    assert "ok   first" in done.output and "FAIL second" in done.output
    assert "'tea' is not in the output" in done.output


def test_models_are_asked_recorded_and_replayed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case: dict[str, Any] = {"name": "Tea, please", "variables": {"topic": "tea"}, "answers": ["approved"]}
    case["expect"] = {"contains": " of: "}
    (here / "report.tests.json").write_text(json.dumps({"tests": [case]}))
    with StubOpenAI(lambda request: f"{len(request.prompt)} of: {request.prompt[-6:]}") as stub:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        first = run("report.yaml", "--record", "recordings")
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert "1 passed, 0 failed, 36 tokens" in first.output, first.output
    assert (here / "recordings" / "tea-please.jsonl").is_file()
    assert "1 passed, 0 failed, 36 tokens" in run("report.yaml", "--replay", "recordings").output
    (here / "report.tests.json").write_text(json.dumps({"tests": [{**case, "replay": "recordings/tea-please.jsonl"}]}))
    twice = run("report.yaml", "--repeat", "2", "--only", "Tea").output
    assert "2 passed" in twice and "Tea, please (2 of 2)" in twice


def test_tools_are_not_called_while_models_are_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "acts.py").write_text(
        "from pathlib import Path\nfrom strands import tool\n@tool\ndef deploy() -> str:\n"
        "    'Deploy.'\n    Path('deployed').touch()\n    return 'done'\n"
    )
    (here / "ship.yaml").write_text(
        "version: 0\nname: ship\nruntime: {provider: openai, model_id: gpt-4o-mini}\n"
        "agents: {a: {prompt: p, tools: [acts:deploy]}}\ntools: {python: [acts:deploy]}\n"
        "pattern: {type: chain, config: {steps: [{agent: a, input: Ship}]}}\n"
    )
    (here / "ship.tests.yaml").write_text("tests: [{name: ship, expect: {tools: [deploy], contains: out}}]\n")
    with StubOpenAI([Say(tools=[Use("deploy")]), "It is out.", Say(tools=[Use("deploy")]), "It is out."]) as stub:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        done = run("ship.yaml")
        assert "1 passed" in done.output, done.output
        assert not (here / "deployed").exists()
        assert "1 passed" in run("ship.yaml", "--real-tools").output
        assert (here / "deployed").exists()


def test_the_report_fits_a_terminal_and_build_servers_read_it(here: Path) -> None:
    long = "a test whose name is longer than a line of a terminal can be, which is said in full only in JSON"
    case = {"variables": {"topic": "tea"}, "answers": ["approved"], "replies": {**SCRIPTS, "writer": "\x00 <b>"}}
    tests = [{**case, "name": long, "expect": {"contains": "word " * 30}}, {**case, "name": "short"}]
    (here / "report.tests.json").write_text(json.dumps({"tests": tests}))
    done = run("report.yaml", "--junit", "report.xml")
    assert max(map(len, done.output.splitlines())) <= 80
    suite = ElementTree.parse(here / "report.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suite] == [long, "short"]
    assert "is not in the output" in (suite[0][0].get("message") or "")
    assert suite[1][0].text == "? <b>"


def test_a_directory_has_the_tests_below_it(here: Path) -> None:
    inner = here / "more" / "inner"
    inner.mkdir(parents=True)
    (inner / "report.yaml").write_text((here / "report.yaml").read_text())
    row = "topic,answers,replies.writer\ntea,approved,x\n"
    for place in (here / "report.tests.csv", inner / "report.tests.csv"):
        place.write_text(row)
    agent = here / "atomic"
    agent.mkdir()
    (agent / "rater.yaml").write_text("name: rater\nprompt: Rate.\n")
    (agent / "rater.tests.yaml").write_text("tests: [{name: x, input: y, reply: z}]\n")
    assert "2 passed" in run().output
    assert "1 passed" in run("more").output
    assert "strands atomic test rater" in str(run("atomic/rater.tests.yaml").exception)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("report.tests.yaml", "tests: [{nme: x}]", "test 1 in 'report.tests.yaml' is malformed: nme: Extra inputs"),
        ("report.tests.yaml", "tests: [{expect: {contain: x}}]", "expect.contain: Extra inputs"),
        ("report.tests.yaml", "cases: []", "tests: Field required"),
        ("report.tests.yaml", "tests: []", "there are no tests in these files"),
        ("report.tests.csv", "topic\ntea,approved\n", "line 2 of 'report.tests.csv' has more cells"),
        ("report.tests.csv", "expect,expect.contains\n5,x\n", "line 2 of 'report.tests.csv': 'expect' has a value"),
        ("report.tests.csv", f"topic\n{'x' * 200_000}\n", "'report.tests.csv' is no table: field larger"),
        ("report.tests.yaml", "tests: [{expect: {matches: '('}}]", "'(' is not a regular expression"),
        ("other.tests.csv", "topic\ntea\n", "it is not known which workflow"),
        ("report.tests.jsonl", "[1]\n", "line 1 of 'report.tests.jsonl' is not an object"),
        ("report.yaml", "version: 0\n", "'report.yaml' has no tests"),
        ("none.yaml", "", "no such file: 'none.yaml'"),
    ],
)
def test_what_is_malformed_is_said(here: Path, name: str, text: str, told: str) -> None:
    if text:
        (here / name).write_text(text)
    assert told in str(run(name).exception)


def test_where_there_are_no_tests_it_is_said_how_to_write_some(here: Path) -> None:
    assert "there are no tests here and below" in str(run().exception)
    assert "beside NAME.yaml" in str(run().exception)


def test_without_a_key_nothing_is_run(here: Path) -> None:
    (here / "report.tests.csv").write_text("topic\ntea\n")
    assert "OPENAI_API_KEY" in str(run().exception)


def test_ctrl_c_ends_it_and_says_what_passed_until_then(here: Path) -> None:
    console = Console(here)
    (here / "report.tests.csv").write_text("topic,answers\ntea,approved\nmilk,approved\n")
    with StubOpenAI(lambda request: Say("fine", delay=60 if "milk" in request.prompt else 0)) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        process = console.start("test")
        assert process.stdout is not None
        for line in process.stdout:
            if "topic=tea" in line:
                break
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted. Until then: 1 passed, 0 failed" in told


def test_tools_that_a_program_gives_are_had_by_its_name(here: Path) -> None:
    (here / "program.py").write_text(
        "from strands import Workflow, tool\n@tool(read_only=True)\ndef look() -> str:\n"
        "    'Look.'\n    return 'seen'\n"
        "flow = Workflow.from_file('look.yaml', tools=[look])\n"
    )
    (here / "look.yaml").write_text(
        "version: 0\nname: look\nruntime: {provider: openai, model_id: gpt-4o-mini}\n"
        "agents: {a: {prompt: p, tools: [look]}}\npattern: {type: chain, config: {steps: [{agent: a, input: Look}]}}\n"
    )
    (here / "look.tests.yaml").write_text(
        "tests: [{name: x, replies: {a: [{tool: look}, seen it]}, expect: {tools: [look], contains: seen}}]\n"
    )
    console = Console(here)
    assert "1 passed" in console.run("test", "look.yaml", "--app", "program:flow").stdout


def test_what_a_workflow_inside_makes_up_is_not_compared(here: Path) -> None:
    (here / "outer.yaml").write_text(
        "version: 0\nname: outer\nruntime: {provider: openai, model_id: gpt-4o-mini}\nagents: {a: {prompt: p}}\n"
        "pattern: {type: chain, config: {steps: [{agent: a, input: tea}, "
        "{workflow: report.yaml, inputs: {topic: tea}}]}}\n"
    )
    case = "variables: {}, answers: [approved], expect: {contains: nobody says this}"
    inside = "replies: {a: x, report.yaml/writer: Tea, report.yaml/researcher: Tea}"
    (here / "outer.tests.yaml").write_text(f"tests: [{{name: made up, {case}}}, {{name: said, {case}, {inside}}}]\n")
    done = run("outer.yaml", "--offline")
    assert "ok   made up" in done.output and "FAIL said" in done.output, done.output
