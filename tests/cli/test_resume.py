"""`strands resume`: never something else than was meant, never without its guards, and a mended file is taken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.console import Console
from support.stub_openai import StubOpenAI

REPORT = """\
version: 0
name: report
runtime: {provider: openai, model_id: m, budgets: {max_steps: 5}}
inputs: {required: {topic: string}}
agents: {a: {prompt: "You are a"}}
pattern:
  type: chain
  config:
    steps:
      - {agent: a, input: "Report on {{ topic }}"}
      - {type: hitl, prompt: "Send {{ topic }}?"}
      - {agent: a, input: "Send it"}
"""
PROGRAM = """\
from strands import Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall


@tool
def wipe(path: str) -> str:
    "Wipe a path."
    print("WIPED", path)
    return "wiped"


def gate(event: BeforeToolCallEvent) -> None:
    if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"


def say(messages):
    return "the end" if "toolResult" in messages[-1]["content"][0] else ToolCall("wipe", {"path": "x"})


workflow = Workflow.from_dict(
    {
        "version": 0,
        "name": "guarded",
        "runtime": {"provider": "openai", "model_id": "m"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "go"}]}},
    },
    tools=[wipe],
    hooks=[gate],
    model=ScriptedModel(say),
)

if __name__ == "__main__":
    print(workflow.run().session_id)
"""


@pytest.fixture
def report(console: Console) -> str:
    """The id of a session of `report.yaml` about A, which waits for its answer."""
    console.write("report.yaml", REPORT)
    return paused(console, "report.yaml", "A")


def paused(console: Console, file: str, topic: str) -> str:
    done = console.run("run", file, "--var", f"topic={topic}", "--offline", "--json", code=19)
    return str(json.loads(done.stdout)["session_id"])


def status(console: Console, session_id: str) -> str:
    return str(json.loads(console.run("sessions", "show", session_id, "--json").stdout)["status"])


def ids(console: Console) -> list[str]:
    return sorted(path.name for path in (console.home / "workflows").glob("session_*"))


# -- what is meant --------------------------------------------------------------------------------------------------


def test_another_file_answers_nothing(console: Console, report: str) -> None:
    console.write("other.yaml", REPORT.replace("name: report", "name: other"))
    done = console.run("run", "other.yaml", "--resume", report, "--hitl-response", "yes", "--offline", code=17)
    assert "'report', not of 'other'" in done.stderr
    assert status(console, report) == "paused"


@pytest.mark.parametrize("how", [("--resume",), ("--auto-resume",)], ids=str)
def test_other_variables_answer_nothing(console: Console, report: str, how: tuple[str, ...]) -> None:
    more = (report,) if how == ("--resume",) else ()
    given = ("--var", "topic=B", *how, *more, "--hitl-response", "yes", "--offline")
    done = console.run("run", "report.yaml", *given, code=17)
    assert "topic='A', not 'B'" in done.stderr
    assert status(console, report) == "paused" and len(ids(console)) == 1


def test_auto_resume_leaves_a_session_about_something_else_alone(console: Console, report: str) -> None:
    done = console.run("run", "report.yaml", "--var", "topic=B", "--auto-resume", "--offline", "--pause", code=19)
    assert "A new run:" in done.stderr and "topic='A', not 'B'" in done.stderr
    assert len(ids(console)) == 2
    done = console.run("run", "report.yaml", "--var", "topic=A", "--auto-resume", "--hitl-response", "y", "--offline")
    assert f"session {report}" in done.stderr


@pytest.mark.parametrize("how", ["resume", "auto"])
def test_a_file_that_changed_in_what_is_finished_is_refused(console: Console, report: str, how: str) -> None:
    console.write("report.yaml", REPORT.replace("Report on", "A long report on"))
    which = ("--resume", report) if how == "resume" else ("--auto-resume",)
    arguments = ("run", "report.yaml", "--var", "topic=A", *which, "--hitl-response", "yes", "--offline")
    done = console.run(*arguments, code=17)
    assert "'steps/0'" in done.stderr and "'A long report on A'" in done.stderr and "--accept-changes" in done.stderr
    assert "follows it" not in done.stderr  # nothing has, when it is refused
    assert status(console, report) == "paused"
    console.run(*arguments, "--accept-changes")
    assert status(console, report) == "completed"


def test_a_file_that_changed_in_the_rest_is_taken_and_told(console: Console, report: str) -> None:
    console.write("report.yaml", REPORT.replace("max_steps: 5", "max_steps: 9").replace("Send it", "Mail it"))
    note = console.run("resume", report, "--offline", "--pause", code=19).stderr
    assert "report.yaml has changed" in note and "max_steps: 5 -> 9" in note and f"resume {report} --spec" in note
    command = note.split("To go on with the file: strands ")[1].splitlines()[0].split()
    done = console.run(*command, "--response", "yes", "--offline", "--json")
    assert "'Send it' -> 'Mail it'" in done.stderr
    assert json.loads(console.run("sessions", "export", report).stdout)["spec"]["runtime"]["budgets"]["max_steps"] == 9


def test_a_budget_that_was_raised_in_the_file(online: Console, stub: StubOpenAI) -> None:
    online.write("report.yaml", REPORT.replace("max_steps: 5", "max_steps: 1"))
    spent = online.run("run", "report.yaml", "--var", "topic=A", "--interactive", stdin="yes\n", code=20)
    online.write("report.yaml", REPORT)
    command = next(line for line in spent.stderr.splitlines() if line.startswith("Hint: "))
    online.run(*command.split(": strands ")[1].split())
    assert [request.prompt for request in stub.requests] == ["Report on A", "Send it"]


# -- its guards -----------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(console: Console) -> str:
    """The id of a session that waits at a hook's question, of a program that keeps its workflow in a variable."""
    console.write("program.py", PROGRAM)
    return program(console, "import program; print(program.workflow.run().session_id)")


def program(console: Console, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=console.env, cwd=console.directory, check=True
    )
    return done.stdout.split()[-1]


def elsewhere(console: Console, tmp_path: Path) -> Console:
    """The same person in another directory."""
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    other = Console(directory)
    other.home, other.env = console.home, console.env
    return other


@pytest.mark.parametrize(("answer", "wiped"), [("y", True), ("n", False)])
def test_the_program_is_found_again_from_anywhere(
    console: Console, guarded: str, tmp_path: Path, answer: str, wiped: bool
) -> None:
    done = elsewhere(console, tmp_path).run("resume", guarded, "--response", answer)
    assert done.stdout == "the end\n"
    assert ("WIPED x" in done.stderr) == wiped


def test_a_script_is_named_with_app(console: Console) -> None:
    console.write("program.py", PROGRAM)
    done = subprocess.run(
        [sys.executable, "program.py"],
        capture_output=True,
        text=True,
        env=console.env,
        cwd=console.directory,
        check=True,
    )
    session_id = done.stdout.strip()
    refused = console.run("resume", session_id, "--response", "n", code=17)
    assert "the hook 'program:gate' and the tool 'wipe' and the model" in refused.stderr
    assert "your answer is recorded" in refused.stderr
    done = console.run("resume", session_id, "--app", "program:workflow")
    assert done.stdout == "the end\n" and "WIPED" not in done.stderr


def test_a_program_that_is_gone_is_named(console: Console, guarded: str) -> None:
    (console.directory / "program.py").unlink()
    refused = console.run("resume", guarded, "--response", "y", code=17)
    assert "'program:gate'" in refused.stderr and "'program:workflow' cannot be imported" in refused.stderr
    assert status(console, guarded) in ("paused", "answered")


def test_a_program_that_runs_when_it_is_imported_runs_nothing(console: Console, guarded: str) -> None:
    console.write("program.py", PROGRAM.replace('if __name__ == "__main__":\n    ', ""))
    refused = console.run("resume", guarded, "--response", "y", code=17)
    assert "runs a workflow while it is imported" in refused.stderr
    assert ids(console) == [f"session_{guarded}"]


def test_an_app_gives_its_hooks_to_a_new_run(console: Console) -> None:
    console.write("program.py", PROGRAM)
    console.write(
        "report.yaml", REPORT.replace("inputs: {required: {topic: string}}\n", "").replace("{{ topic }}", "A")
    )
    done = console.run("run", "report.yaml", "--app", "program:workflow", "--pause", "--json", code=19)
    assert json.loads(done.stdout)["questions"][0]["id"].startswith("steps/0/interrupts/")


def without_app(console: Console) -> str:
    """The id of a session whose workflow no module keeps, with a hook, at a question of its own."""
    console.write("program.py", PROGRAM)
    return program(
        console,
        """\
import program
from strands import Workflow
spec = program.workflow.spec.to_dict()
spec["pattern"] = {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "go?"}]}}
print(Workflow.from_dict(spec, hooks=[program.gate], offline=True).run().session_id)
""",
    )


def test_without_hooks_needs_a_person_who_sees_them(console: Console) -> None:
    session_id = without_app(console)
    refused = console.run("resume", session_id, "--response", "yes", "--without-hooks", code=17)
    assert "program:gate" in refused.stderr
    terminal = console.terminal("resume", session_id, "--response", "yes", "--without-hooks")
    terminal.expect("program:gate").expect("Go on without them?").type("n").end(17)
    assert status(console, session_id) == "paused"
    terminal = console.terminal("resume", session_id, "--response", "yes", "--without-hooks")
    terminal.expect("Go on without them?").type("y").end(0)
    journal = (console.home / "workflows" / f"session_{session_id}" / "journal.jsonl").read_text()
    assert '"without_hooks"' in journal


def test_a_fault_in_the_file_names_the_command_that_takes_the_mended_file(console: Console) -> None:
    broken = REPORT.replace("Send it", "{{ 1 / 0 }}")
    console.write("report.yaml", broken)
    console.run("run", "report.yaml", "--offline", "--pause", "--var", "topic=bees", code=19)
    failed = console.run("resume", "report", "--response", "yes", code=10)
    command = failed.stderr.split("When it is mended: strands ")[1].split()
    assert command[:1] + command[2:3] == ["resume", "--spec"]
    console.write("report.yaml", broken.replace("1 / 0", "1 / 1"))
    console.run(*command)
