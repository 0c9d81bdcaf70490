"""Errors of sync calls: always ours, with the step that failed, and a remedy that works as it is printed."""

from __future__ import annotations

import asyncio
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.errors import ExecutionError, StrandsError
from support.console import STRANDS, Console, environment
from support.stub_openai import Fault, Say, StubOpenAI

SPEC = """\
version: 0
name: letters
runtime: {{provider: openai, model_id: m, host: "{url}", failure_policy: {{retries: 0}}}}
agents: {{a: {{prompt: p}}}}
pattern: {{type: chain, config: {{steps: [{{agent: a, input: one{more}}}]}}}}
"""
ASKING = {
    "version": 0,
    "name": "asking",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "p"}},
    "pattern": {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "ok?", "choices": ["yes", "no"]}]}},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.chdir(tmp_path)


def remedy(error: StrandsError) -> str:
    return error.hint.partition(": ")[2]


def paste(command: str, tmp_path: Path) -> None:
    """Do what is printed as a person does: paste it into a shell."""
    env = environment(tmp_path / "home", {"OPENAI_API_KEY": "none", "PATH": f"{STRANDS.parent}:/usr/bin:/bin"})
    done = subprocess.run(["sh", "-c", command], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "fine" in done.stdout, (command, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(401, "bad key"), "OPENAI_API_KEY"),
        (Fault(429, "slow down"), "slow down"),
        (Fault(drop=True), "cannot be reached"),
        (Say("half", cut=True), "broke off"),
    ],
    ids=["401", "429", "down", "broken off"],
)
def test_a_failure_names_its_step_and_what_it_prints_goes_on(tmp_path: Path, fault: Any, words: str) -> None:
    with StubOpenAI([fault, "fine"]) as stub:
        Path("letters.yaml").write_text(SPEC.format(url=stub.url, more=""))
        with pytest.raises(ExecutionError, match=f"step 'steps/0'.*{words}") as caught:
            Workflow.from_file("letters.yaml").run()
        paste(remedy(caught.value), tmp_path)


@pytest.mark.parametrize("store", ["a place/for it", "sqlite:///kept here.db"])
def test_a_command_names_the_store(tmp_path: Path, store: str) -> None:
    with StubOpenAI([Fault(400), "fine"]) as stub:
        Path("letters.yaml").write_text(SPEC.format(url=stub.url, more=""))
        with pytest.raises(ExecutionError) as caught:
            Workflow.from_file("letters.yaml", store=store).run()
        paste(remedy(caught.value), tmp_path)


def test_a_time_out_is_mended_in_the_file_and_goes_on(tmp_path: Path) -> None:
    with StubOpenAI([Say("late", delay=1.5), "fine"]) as stub:
        Path("letters.yaml").write_text(SPEC.format(url=stub.url, more=", timeout_s: 0.3"))
        with pytest.raises(ExecutionError, match=r"'steps/0'.*longer than 0\.3 s") as caught:
            Workflow.from_file("letters.yaml").run()
        Path("letters.yaml").write_text(SPEC.format(url=stub.url, more=", timeout_s: 30"))
        paste(remedy(caught.value), tmp_path)


def test_what_only_python_has_goes_on_in_python() -> None:
    replies: list[Any] = [RuntimeError("down"), "fine"]
    spec = {**ASKING, "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "one"}]}}}
    workflow = Workflow.from_dict(spec, model=ScriptedModel(replies))
    with pytest.raises(ExecutionError, match=r"step 'steps/0'.*down") as caught:
        workflow.run()
    assert eval(remedy(caught.value), {"workflow": workflow}).last_response == "fine"


def test_a_run_that_is_not_kept_promises_nothing(tmp_path: Path) -> None:
    console = Console(tmp_path, {"OPENAI_API_KEY": "none"})
    with StubOpenAI([Fault(400)]) as stub:
        console.write("letters.yaml", SPEC.format(url=stub.url, more=""))
        said = console.run("run", "letters.yaml", "--no-save-session", code=10).stderr
    assert "--no-save-session" in said and "resume(" not in said and "strands resume" not in said


APP = """\
from strands import Workflow
from strands.hooks import BeforeToolCallEvent

def watch(event: BeforeToolCallEvent) -> None:
    return

workflow = Workflow.from_file("letters.yaml", hooks=[watch])
"""


def test_a_session_that_a_command_began_with_an_app_goes_on_as_printed(tmp_path: Path) -> None:
    console = Console(tmp_path, {"OPENAI_API_KEY": "none"})
    console.write("mine.py", APP)
    with StubOpenAI([Fault(400), "fine"]) as stub:
        console.write("letters.yaml", SPEC.format(url=stub.url, more=""))
        said = console.run("run", "letters.yaml", "--app", "mine:workflow", code=10).stderr
        command = next(line for line in said.splitlines() if "strands resume" in line).partition("strands ")[2]
        assert console.run(*shlex.split(command)).stdout.strip() == "fine"


def gate() -> tuple[Workflow, str]:
    workflow = Workflow.from_dict(ASKING)
    return workflow, workflow.run().session_id


WRONG: dict[str, Callable[[], Any]] = {
    "no file": lambda: Workflow.from_file("nowhere.yaml"),
    "no path": lambda: Workflow.from_file(None),  # type: ignore[arg-type]
    "no dict": lambda: Workflow.from_dict(None),  # type: ignore[arg-type]
    "no text": lambda: Workflow.from_yaml(3),  # type: ignore[arg-type]
    "no store": lambda: Workflow.from_dict(ASKING, store="mongo://here").run(),
    "unknown session": lambda: Workflow.from_dict(ASKING).resume("nobody", "yes"),
    "bad answer": lambda: (lambda made: made[0].resume(made[1], "maybe"))(gate()),
    "bad answer of a session": lambda: SessionManager().get_session(gate()[1]).resume("maybe"),
    "bad question": lambda: SessionManager().get_session(gate()[1]).answer("nothing", "yes"),
    "bad fork": lambda: SessionManager().get_session(gate()[1]).fork(at="nowhere"),
    "handler fails": lambda: Workflow.from_dict(ASKING).run_interactive(hitl_handler=lambda state: 1 / 0),
    "handler is late": lambda: Workflow.from_dict(ASKING).run_interactive(hitl_handler=late),
    "handler is wrong": lambda: Workflow.from_dict(ASKING).run_interactive(hitl_handler=lambda state: "maybe"),
    "handler is none": lambda: Workflow.from_dict(ASKING).run_interactive(hitl_handler=3),  # type: ignore[arg-type]
}


def late(state: Any) -> str:
    raise TimeoutError("the chat did not answer")


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("in_a_loop", [False, True], ids=["", "in a running loop"])
def test_what_is_wrong_is_said_as_one_error(name: str, in_a_loop: bool) -> None:
    async def called() -> Any:
        return WRONG[name]()

    with pytest.raises(StrandsError) as caught:
        asyncio.run(called()) if in_a_loop else WRONG[name]()
    assert caught.value.message
    if name.startswith("handler"):
        assert "steps/0" in caught.value.message and "resume" in caught.value.hint


STOPPED = """\
import sys, time
from strands import Workflow
Workflow.from_file("letters.yaml").run()
"""


def test_ctrl_c_in_a_script_says_how_to_go_on_and_what_it_says_works(tmp_path: Path) -> None:
    with StubOpenAI([Say("late", delay=20), "fine"]) as stub:
        Path("letters.yaml").write_text(SPEC.format(url=stub.url, more=""))
        env = environment(tmp_path / "home", {"OPENAI_API_KEY": "none"})
        script = subprocess.Popen([sys.executable, "-c", STOPPED], stderr=subprocess.PIPE, text=True, env=env)
        stub.wait_for(1)
        script.send_signal(signal.SIGINT)
        said = script.communicate(timeout=30)[1].strip().splitlines()[-1]
        assert script.returncode in (-signal.SIGINT, 130)
        paste(said.partition("Resume: ")[2], tmp_path)
