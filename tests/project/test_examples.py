"""Every example runs, offline, and the demo shows what it promises: in a terminal and without one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strands import Workflow
from strands_cli.types import HITLState
from support.console import Terminal, environment

EXAMPLES = Path(__file__).parents[2] / "examples"


def answer(state: HITLState) -> str:
    return state.choices[0] if state.choices else "approved"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_an_example_runs_offline_to_its_end(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    workflow = Workflow.from_file(path, offline=True, output_dir=tmp_path / "out")
    keys: set[str] = set()
    workflow.on("*", lambda event: keys.add(event.step_id))
    result = workflow.run_interactive(hitl_handler=answer)
    assert result.success, result.error_message
    undrawn = {key for key in keys - {""} if workflow.plan().owner(key) is None}
    assert not undrawn, "every key of the journal belongs to a node of the drawing"
    assert len(result.artifacts_written) == len(workflow.spec.outputs.artifacts if workflow.spec.outputs else [])


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the examples, so that the demo leaves nothing in the project."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    return tmp_path / "examples" / "demo.py"


def test_the_demo_pauses_and_resumes_in_further_processes(demo: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(demo)]
    env = environment(tmp_path / "home")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("exit code 19") >= 2
    assert done.stdout.count("$ strands resume") == 2
    assert "Refund for order A-1042: approved" in done.stdout
    assert "Timeline" in done.stdout
    assert (tmp_path / "demo-out" / "refund-A-1042.md").is_file()


def test_the_demo_asks_in_a_terminal(demo: Path, tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    terminal = Terminal([sys.executable, str(demo)], env, tmp_path, rows=50, columns=110)
    terminal.expect("HUMAN INPUT REQUIRED").expect("what to look at again").expect("Your response").type("looks right")
    terminal.expect("HUMAN INPUT REQUIRED").expect("Pay 89 EUR").expect("Your response").type("rejected")
    shown = terminal.end()
    assert "Refund for order A-1042: rejected" in shown
    assert "| 89 EUR | looks right | rejected |" in shown


def test_a_tool_is_approved_in_a_second_process(tmp_path: Path) -> None:
    def run(*answers: str) -> str:
        command = [sys.executable, str(EXAMPLES / "tool_approval.py"), *answers]
        env = environment(tmp_path / "home", {"HOME": str(tmp_path)})
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Answer later" in run()
    assert "The tool says: Deleted old.txt" in run("y")
    assert "Answer later" in run()
    assert "The tool says: The user said no" in run("n")


def test_the_demo_of_a_team_votes_delegates_reminds_and_verifies(demo: Path, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    command = [sys.executable, str(demo.parent / "team" / "demo.py")]
    env = environment(tmp_path / "home")
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    told = [
        "403 excluded: ",
        "are reminded",
        "ben answered 'approve': the question is open",
        "carl answered 'approve': the question is answered",
        "Status    completed",
        "approve (by Ben, Carl for dora)",
        "no faults",
    ]
    places = [done.stdout.find(each) for each in told]
    assert -1 not in places, done.stdout
    assert places == sorted(places)
