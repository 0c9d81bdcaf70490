"""Recordings: what real providers replied is kept, without secrets, and replayed without them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel
from strands_cli.errors import InputError, StorageError
from strands_cli.resources.recording import Recorder
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.testing import NotRecordedError, recording, rehearse
from support import pattern_stories as patterns
from support.cast import spec
from support.console import Console
from support.providers import ALL, Provider, parameters
from support.stub_http import Say, Use
from support.stub_openai import StubOpenAI

TESTS = Path(__file__).parents[1]
CALLED: list[str] = []


@tool
def deploy(environment: str) -> str:
    """Deploy.

    Args:
        environment: Where to.
    """
    CALLED.append(environment)
    return f"{environment} has version 7"


SHIP = spec(
    "chain",
    {"steps": [{"agent": "a", "input": "Ship"}, {"tool": "deploy", "args": {"environment": "copy"}}]},
)
SHIP["agents"] = {"a": {"prompt": "You ship.", "tools": ["deploy"], "approvals": [{"tools": ["deploy"]}]}}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A run of SHIP, recorded: a reply with a tool call that a person approved, and a step that calls the tool."""
    CALLED.clear()
    file = tmp_path / "ship.jsonl"
    with StubOpenAI([Say(tools=[Use("deploy", {"environment": "live"})]), "It is out."]) as stub:
        model = ALL[0].model(stub)
        flow = Workflow.from_dict(SHIP, tools=[deploy], model=model, repository=MemorySessionRepository())
        result = recording(flow, file).run_interactive(hitl_handler=lambda question: "approve")
    assert result.success and CALLED == ["live", "copy"]
    CALLED.clear()
    return file


@pytest.mark.parametrize("provider", parameters())
def test_what_a_provider_says_is_replayed_as_it_was(provider: Provider, tmp_path: Path) -> None:
    data = spec("chain", {"steps": [{"agent": "a", "input": "Hello"}, {"agent": "a", "input": "And?"}]})
    file = tmp_path / "hello.jsonl"
    with provider.stub([Say("Good morning to you.", pieces=4), Say("Nothing else.")]) as stub:
        flow = Workflow.from_dict(data, model=provider.model(stub), repository=MemorySessionRepository())
        result = recording(flow, file).run()
    run = rehearse(data, replay=file)
    assert [step.response for step in run.steps] == ["Good morning to you.", "Nothing else."]
    assert run.result.token_usage == result.token_usage
    assert [line["call"]["prompt"] for line in lines(file)[1:]] == ["Hello", "And?"]


def test_tools_return_what_they_did_and_are_not_called(recorded: Path) -> None:
    run = rehearse(SHIP, replay=recorded, tools=[deploy])
    assert (run.status, run.step("a").response, run.response) == ("completed", "It is out.", "copy has version 7")
    assert [(call.input, call.output) for call in run.step("a").tools] == [
        ({"environment": "live"}, "live has version 7")
    ]
    assert CALLED == []


def test_another_answer_leads_to_a_call_that_is_not_recorded(recorded: Path) -> None:
    with pytest.raises(NotRecordedError, match=r"no reply of agent 'a' to 'A person rejected this call"):
        rehearse(SHIP, answers=["reject"], replay=recorded, tools=[deploy])


def test_a_tool_call_that_is_not_recorded_is_not_made_up(recorded: Path) -> None:
    data = json.loads(json.dumps(SHIP))
    data["pattern"]["config"]["steps"][1]["args"]["environment"] = "other"
    with pytest.raises(NotRecordedError, match=r"no result of tool 'deploy' for .*other"):
        rehearse(data, replay=recorded, tools=[deploy])
    assert CALLED == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"input": "Go"}, "no reply of agent 'a' to 'Go': recorded are 'Ship', 'live has version 7'"),
        ({"prompt": "You do not."}, "its prompt was asked then, with other instructions"),
        ({"agent": "b"}, "no reply of agent 'b' to 'Ship': recorded are replies of a"),
    ],
    ids=["prompt", "instructions", "agent"],
)
def test_what_differs_from_the_recording_is_said(recorded: Path, change: dict[str, str], told: str) -> None:
    step = {"agent": "a", "input": "Ship", **{name: text for name, text in change.items() if name != "prompt"}}
    agents = {name: {**SHIP["agents"]["a"], "prompt": change.get("prompt", "You ship.")} for name in ("a", "b")}
    data = {**spec("chain", {"steps": [step, {"agent": "b", "input": "unused"}]}), "agents": agents}
    with pytest.raises(NotRecordedError, match=told):
        rehearse(data, replay=recorded, tools=[deploy])


def test_no_step_goes_on_from_a_call_that_is_not_recorded(recorded: Path) -> None:
    steps = [{"agent": "a", "input": "Go", "on_error": "continue"}]
    data = {**spec("chain", {"steps": steps}), "agents": SHIP["agents"]}
    with pytest.raises(NotRecordedError):
        rehearse(data, replay=recorded, tools=[deploy])


def test_times_in_prompts_may_differ(tmp_path: Path) -> None:
    data = spec("chain", {"steps": [{"agent": "a", "input": "It is {{ now }}"}]})
    file = tmp_path / "now.jsonl"
    with StubOpenAI(["Good."]) as stub:
        flow = Workflow.from_dict(data, model=ALL[0].model(stub), repository=MemorySessionRepository())
        recording(flow, file).run(now="2026-01-01T10:00:00Z")
    assert rehearse(data, replay=file, now="2026-02-03 11:12:13.5+01:00").response == "Good."


def test_no_secret_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_KEY", "hunter2-hunter2")

    @tool
    def look() -> str:
        """Look."""
        return f"the key is {os.environ['DEPLOY_KEY']}"

    data = spec("chain", {"steps": [{"agent": "a", "input": "Look"}, {"type": "hitl", "prompt": "Well?"}]})
    data["agents"] = {"a": {"prompt": "p", "tools": ["look"]}}
    data["env"] = {"secrets": [{"name": "DEPLOY_KEY", "source": "env"}]}
    file = tmp_path / "look.jsonl"
    with StubOpenAI([Say("I use hunter2-hunter2", tools=[Use("look")]), "hunter2-hunter2 it is"]) as stub:
        flow = Workflow.from_dict(data, model=ALL[0].model(stub), tools=[look], repository=MemorySessionRepository())
        recording(flow, file).run_interactive(hitl_handler=lambda question: "hunter2-hunter2")
    assert len(lines(file)) == 5
    assert "hunter2" not in file.read_text()
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0
    monkeypatch.delenv("DEPLOY_KEY")
    run = rehearse(data, replay=file, tools=[look])
    assert run.status == "completed" and "hunter2" not in run.response


def test_the_commands_record_and_replay_and_a_session_goes_on_so(report: Path) -> None:
    console = Console(report.parent)
    console.write("answers.yaml", "- approved\n")
    run = ("run", "report.yaml", "--var", "topic=tea", "--force")
    with StubOpenAI(lambda request: f"Reply to: {request.prompt}") as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        real = console.run(*run, "--record", "tea.jsonl", "--answers", "answers.yaml")
        console.run(*run, "--record", "paused.jsonl", code=19)
        console.run("resume", newest(console), "--response", "approved")
    del console.env["OPENAI_API_KEY"], console.env["OPENAI_BASE_URL"]
    assert console.run(*run, "--replay", "tea.jsonl").stdout == real.stdout
    asked = console.run(*run, "--replay", "tea.jsonl", "--pause", code=19)
    assert "Good enough?" in asked.stderr
    resumed = console.run("resume", newest(console), "--response", "revise", code=10)
    assert "no reply of agent 'writer' to 'Write it up (revise)" in resumed.stderr
    assert "--record" in resumed.stderr
    told = [lines(console.directory / name) for name in ("tea.jsonl", "paused.jsonl")]
    assert [[next(iter(line)) for line in each] for each in told] == 2 * [["recording", "call", "answer", "call"]]


def newest(console: Console) -> str:
    return str(json.loads(console.run("sessions", "list", "--json").stdout)[0]["id"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 0\n", "is not a recording"),
        ('{"recording": 99}\n', "newer build"),
        ('{"recording": 1}\n', "nothing is recorded"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, report: Path, text: str, told: str) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text(text)
    with pytest.raises(InputError, match=told):
        rehearse(report, replay=file, topic="tea")


def test_a_file_of_another_kind_is_not_overwritten(report: Path, tmp_path: Path) -> None:
    flow = Workflow.from_file(report)
    with pytest.raises(StorageError, match="is there and is not a recording"):
        recording(flow, report)
    with pytest.raises(StorageError, match="there is no directory"):
        recording(flow, tmp_path / "none" / "x.jsonl")


def test_a_line_that_was_cut_off_by_a_kill_is_passed_over(recorded: Path) -> None:
    with recorded.open("a") as file:
        file.write('{"call": {"agent": "a", "dig')
    assert rehearse(SHIP, replay=recorded, tools=[deploy]).status == "completed"


def test_scripts_and_a_recording_exclude_each_other(recorded: Path) -> None:
    with pytest.raises(InputError, match="both given"):
        rehearse(SHIP, replay=recorded, scripts={"a": "x"}, tools=[deploy])


def test_branches_at_once_are_recorded_whole(tmp_path: Path) -> None:
    branches = [{"id": name, "steps": [{"agent": "a", "input": f"Go {name}"}]} for name in "xyz"]
    data = spec("parallel", {"branches": branches})
    with StubOpenAI(lambda request: Say(request.prompt.upper(), pieces=3, chunk_delay=0.01)) as stub:
        flow = Workflow.from_dict(data, model=ALL[0].model(stub), repository=MemorySessionRepository())
        asyncio.run(recording(flow, tmp_path / "all.jsonl").run_async())
    run = rehearse(data, replay=tmp_path / "all.jsonl")
    assert sorted(step.response for step in run.steps) == ["GO X", "GO Y", "GO Z"]


@pytest.mark.parametrize("name", patterns.STORIES)
def test_every_pattern_is_replayed_to_the_same_end(name: str, tmp_path: Path) -> None:
    data, variables, store = patterns.STORIES[name], patterns.VARIABLES[name], MemorySessionRepository()
    answers = {"nodes/check": "yes", "iterations/1/review": "go on"}
    flow = Workflow.from_dict(data, model=ScriptedModel.rehearsal(), repository=store, output_dir=tmp_path / "out")
    result = recording(flow, tmp_path / "all.jsonl").run_interactive(
        hitl_handler=lambda question: answers.get(question.question_id, (question.choices or ["approved"])[0]),
        variables=variables,
    )
    run = rehearse(data, replay=tmp_path / "all.jsonl", variables=variables)
    assert run.status == result.status == "completed"
    assert (run.response, run.result.token_usage) == (result.last_response, result.token_usage)


def test_what_servers_returned_is_replayed_without_them(tmp_path: Path) -> None:
    pytest.importorskip("mcp")
    arguments = ["-m", "support.mcp_server", "--log", str(tmp_path / "log")]
    server = {"id": "files", "command": sys.executable, "args": arguments, "env": {"PYTHONPATH": str(TESTS)}}
    data = {**spec("chain", {"steps": [{"agent": "a", "input": "Tidy up"}]}), "tools": {"mcp": [server]}}
    data["agents"] = {"a": {"prompt": "p", "tools": ["files"], "approvals": [{"tools": ["delete"]}]}}
    uses = [Use("add", {"a": 1, "b": 2}), Use("delete", {"path": "x"})]
    with StubOpenAI([Say(tools=uses), "Done."]) as stub:
        flow = Workflow.from_dict(data, model=ALL[0].model(stub), repository=MemorySessionRepository())
        recording(flow, tmp_path / "files.jsonl").run_interactive(hitl_handler=lambda question: "approve")
    assert (tmp_path / "log").read_text() == "delete x\n"
    run = rehearse(data, replay=tmp_path / "files.jsonl")
    assert [(call.name, call.output) for call in run.tools] == [("add", "3"), ("delete", "deleted x")]
    assert (tmp_path / "log").read_text() == "delete x\n"


def test_no_secret_of_a_workflow_inside_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OUTER_KEY", "INNER_KEY"):
        monkeypatch.setenv(name, f"{name.lower()}-hunter2")
    inner = spec("chain", {"steps": [{"agent": "a", "input": "In"}]})
    inner["env"] = {"secrets": [{"name": "INNER_KEY", "source": "env"}]}
    outer = spec(
        "chain", {"steps": [{"agent": "a", "input": "Out"}, {"workflow": "inner"}, {"agent": "a", "input": "Z"}]}
    )
    outer |= {"env": {"secrets": [{"name": "OUTER_KEY", "source": "env"}]}, "workflows": {"inner": inner}}
    with StubOpenAI(["outer_key-hunter2", "inner_key-hunter2", "outer_key-hunter2"]) as stub:
        flow = Workflow.from_dict(outer, model=ALL[0].model(stub), repository=MemorySessionRepository())
        recording(flow, tmp_path / "all.jsonl").run()
    assert len(lines(tmp_path / "all.jsonl")) == 4
    assert "hunter2" not in (tmp_path / "all.jsonl").read_text()
    assert [step.agent for step in rehearse(outer, replay=tmp_path / "all.jsonl").steps][2] == "inner/a"


def test_texts_of_any_kind_are_replayed_as_they_were(tmp_path: Path) -> None:
    odd = "one\u2028two\x85three"

    @tool
    def look() -> str:
        """Look."""
        return odd

    data = spec("chain", {"steps": [{"tool": "look"}, {"agent": "a", "input": "{{ last_response }}"}]}, "a")
    with StubOpenAI([odd]) as stub:
        flow = Workflow.from_dict(data, tools=[look], model=ALL[0].model(stub), repository=MemorySessionRepository())
        assert recording(flow, tmp_path / "odd.jsonl").run().success
    assert rehearse(data, replay=tmp_path / "odd.jsonl", tools=[look]).response == odd


def test_what_follows_a_line_that_was_cut_off_is_kept(recorded: Path) -> None:
    whole = recorded.read_text().splitlines()
    recorded.write_text("\n".join([*whole[:2], whole[2][:20]]))
    Recorder(recorded, anew=False).write("answer", {"id": "half \ud800", "value": 1})
    assert recorded.read_text().splitlines()[-1] == '{"answer": {"id": "half \\ud800", "value": 1}}'


@pytest.mark.parametrize(
    "line",
    [
        '{"call": 5}',
        '{"call": {"agent": "a", "digest": [], "system": "", "prompt": "", "events": []}}',
        '{"call": {"agent": "a", "digest": "d", "system": "", "prompt": "", "events": [5]}}',
        '{"tool": {"name": "deploy", "input": {}, "result": 5}}',
        '{"answer": {"id": []}}',
        '{"call":' * 5000,
    ],
)
def test_a_line_of_another_kind_is_told(recorded: Path, line: str) -> None:
    with recorded.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(InputError, match=r"line 7 of .* is none of a recording"):
        rehearse(SHIP, replay=recorded, tools=[deploy])
