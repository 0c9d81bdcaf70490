"""`strands worker` as people and process managers meet it: draining, health, and what no worker is fit for."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import STRANDS
from support.workers import Fleet


@pytest.fixture
def strands(fleet: Fleet) -> Callable[..., str]:
    return fleet.command


def test_a_worker_drains_before_the_next_step(started: Callable[..., Fleet]) -> None:
    fleet = started(step=0.4)
    (session_id,) = fleet.submit("long", 1)
    worker = fleet.start()
    worker.until("driving")
    fleet.until(lambda: len(fleet.calls.read_text().splitlines()) >= 2, 20)
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 0
    assert [each["event"] for each in worker.events[-3:]] == ["draining", "given back", "drained"]
    kinds = [each.kind for each in fleet.entries(session_id)]
    assert kinds[-1] == "queued"
    assert kinds.count("done") == len(fleet.calls.read_text().splitlines()), "what was at work is on record"
    assert fleet.rests() == {session_id: "queued"}


def test_what_takes_longer_than_the_grace_time_is_given_back(started: Callable[..., Fleet]) -> None:
    fleet = started(step=60)
    (session_id,) = fleet.submit("long", 1)
    worker = fleet.start("--grace", "0.2")
    worker.until("driving")
    fleet.until(lambda: bool(fleet.calls.read_text()), 20)
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 0
    assert fleet.rests() == {session_id: "queued"}


def test_a_second_signal_ends_it_at_once(started: Callable[..., Fleet]) -> None:
    fleet = started(step=60)
    fleet.submit("long", 1)
    worker = fleet.start()
    worker.until("driving")
    fleet.until(lambda: bool(fleet.calls.read_text()), 20)
    worker.kill(signal.SIGTERM)
    worker.until("draining")
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 143


def test_what_a_worker_is_unfit_for_is_seen_and_waits_for_one_that_is_fit(
    fleet: Fleet, strands: Callable[..., str]
) -> None:
    (session_id,) = fleet.submit("guarded", 1)
    unfit = fleet.start("--slots", "2", target="support.worker_app:unguarded")
    told = unfit.until("unfit")
    assert told["session"] == session_id
    assert "was started with the hook 'support.worker_app:guard'" in told["reason"]
    fleet.until(lambda: "Unfit" in strands("worker", "list"), 10, answering=False)
    assert "unfit" in strands("sessions", "list")
    (session,) = json.loads(strands("sessions", "list", "--json"))
    assert (session["status"], session["unfit"]) == ("queued", told["reason"])
    assert "Unfit     session" in strands("sessions", "show", session_id)
    assert fleet.calls.read_text() == "", "nothing ran without the guard"
    fleet.start()
    fleet.until(fleet.completed([session_id]), 30)


def test_a_worker_says_how_it_is_and_what_it_does(fleet: Fleet, strands: Callable[..., str], tmp_path: Path) -> None:
    fleet.submit("asking", 5)
    other = json.loads(strands("run", str(other_workflow(tmp_path)), "--queue", "--json", "--offline"))
    file = tmp_path / "health"
    worker = fleet.start("--slots", "1", "--health-port", "0", "--health-file", str(file))
    port = worker.events[-1]["health_port"]
    fleet.until(lambda: sorted(fleet.rests().values()) == ["paused"] * 5 + ["queued"], 20, answering=False)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as reply:
        said = json.load(reply)
    assert said["healthy"] and said["pid"] == worker.pid and said["slots"] == 1
    assert json.loads(file.read_text())["workflows"] == ["asking", "guarded", "long"]
    fleet.until(lambda: f" {worker.pid} " in strands("worker", "list"), 20, answering=False)
    fleet.until(lambda: listed(strands) == [(worker.pid, 0, 1)], 20, answering=False)
    shown = strands("sessions", "show", other["session_id"])
    assert "Unfit     no worker has the workflow 'other'" in shown and "waits for a worker" in shown
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 0
    assert not file.exists()
    assert json.loads(strands("worker", "list", "--json")) == []


def test_who_answers_is_told_whether_a_worker_goes_on(fleet: Fleet) -> None:
    first, second = fleet.submit("asking", 2)
    worker = fleet.start()
    fleet.until(lambda: sorted(fleet.rests().values()) == ["paused"] * 2, 20, answering=False)
    assert f"A worker goes on with it: strands sessions show {first}" in answered(fleet, first)
    worker.kill(signal.SIGTERM)
    assert worker.wait() == 0
    assert f"Go on: strands resume {second}" in answered(fleet, second)


def answered(fleet: Fleet, session_id: str) -> str:
    command = [*STRANDS, "sessions", "answer", session_id, "--response", "yes"]
    return subprocess.run(command, env=fleet.environment, capture_output=True, text=True, timeout=60, check=True).stderr


def listed(strands: Callable[..., str]) -> list[tuple[int, int, int]]:
    found = json.loads(strands("worker", "list", "--json"))
    return [(each["pid"], each["at_work"], each["slots"]) for each in found]


def other_workflow(directory: Path) -> Path:
    path = directory / "other.yaml"
    path.write_text(
        "version: 0\nname: other\nruntime: {provider: ollama, model_id: none}\nagents: {a: {prompt: Hi.}}\n"
        "pattern: {type: chain, config: {steps: [{agent: a, input: go}]}}\n",
        encoding="utf-8",
    )
    return path


def test_lines_for_people(fleet: Fleet, tmp_path: Path) -> None:
    fleet.command("run", str(other_workflow(tmp_path)), "--queue", "--offline", "-q")
    worker = fleet.begin(str(tmp_path / "other.yaml"))
    lines: list[str] = []
    while not any("completed" in line for line in lines):
        lines.append(worker.stderr.readline())  # type: ignore[union-attr]
    worker.send_signal(signal.SIGINT)
    lines += worker.stderr.read().splitlines()  # type: ignore[union-attr]
    assert worker.wait(20) == 0
    assert "Ready: 8 slots for other." in lines[0]
    assert any("Draining: nothing is at work." in line for line in lines) and "Drained." in lines[-1]
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["support.worker_app:nothing"], "has no 'nothing'"),
        (["support.worker_app:HEAD"], "is a str, not workflows"),
        (["support.worker_app"], "is not MODULE:NAME"),
        (["missing.yaml"], "missing.yaml"),
        (["support.worker_app:guarded", "support.worker_app:unguarded"], "two workflows are named 'guarded'"),
        (["support.worker_app:asking", "--engine", "celery"], "unknown engine 'celery'"),
        (["support.worker_app:asking", "--engine-option", "a=b"], "--engine-option needs --engine"),
        ([], "Missing argument"),
    ],
)
def test_what_is_no_worker_is_said_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    from strands_cli.cli.main import main

    monkeypatch.setenv("STRANDS_STORE", url)
    monkeypatch.setenv("CALLS", "calls")
    assert main(["worker", "run", *arguments]) != 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("same", [True, False])
def test_a_workflow_that_submits_to_another_store_is_named(same: bool, fleet: Fleet, tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    place = fleet.url if same else f"sqlite:///{tmp_path}/elsewhere.db"
    flow = f"Workflow.from_file({str(other_workflow(tmp_path))!r}, store={place!r})"
    program.write_text(f"from strands import Workflow\nflow = {flow}\n", encoding="utf-8")
    worker = fleet.begin(f"{program}:flow")
    lines = [worker.stderr.readline()]  # type: ignore[union-attr]
    while "Ready: " not in lines[-1]:
        lines.append(worker.stderr.readline())  # type: ignore[union-attr]
    elsewhere, here = tmp_path / "elsewhere.db", tmp_path / "runs.db"
    said = f"Warning: other keeps its sessions in {elsewhere}, and this worker drives those in {here}"
    assert any(line.startswith(said) for line in lines) is not same
    worker.send_signal(signal.SIGINT)
    assert worker.wait(20) == 0


@pytest.mark.parametrize(("engine", "package"), [("dbos", "dbos"), ("temporal", "temporalio")])
def test_the_package_of_an_engine_that_is_missing_is_named_before_anything_begins(
    engine: str, package: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from strands_cli.cli.main import main

    pytest.importorskip("psycopg")
    monkeypatch.setenv("STRANDS_STORE", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("CALLS", "calls")
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["worker", "support.worker_app:asking", "--engine", engine]) == 2
    said = capsys.readouterr().err
    assert f"pip install 'strands-cli[{engine}]'" in said and "Ready" not in said


def test_a_directory_stands_in_for_one_that_is_not_on_this_machine(fleet: Fleet, tmp_path: Path) -> None:
    here, there, app = (tmp_path / name for name in ("here", "there", "app"))
    for each in (here, there, app):
        each.mkdir()
    for each in (here, app):
        other = other_workflow(each)
        text = other.read_text(encoding="utf-8").replace("ollama, model_id: none", "scripted")
        other.write_text(f"{text}outputs: {{artifacts: [{{path: ./reply.md, from: '{{{{ last_response }}}}'}}]}}\n")
    run = [*STRANDS, "run", "other.yaml", "--queue", "-q"]
    subprocess.run(run, cwd=here, env=fleet.environment, check=True, timeout=60)
    shutil.rmtree(here)
    fleet.start("--base-dir", str(there), target=str(app / "other.yaml"))
    fleet.until(lambda: list(fleet.rests().values()) == ["completed"], 30)
    assert (there / "reply.md").is_file() and not here.exists()


def test_a_worker_is_not_ready_before_its_engine_is(fleet: Fleet) -> None:
    pytest.importorskip("temporalio", reason="it is not installed: pip install 'strands-cli[temporal]'")
    engine = ["--engine", "temporal", "--engine-option", "address=127.0.0.1:1"]
    command = [*STRANDS, "worker", "support.worker_app:asking", *engine]
    done = subprocess.run(command, env=fleet.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "Temporal cannot be reached: 127.0.0.1:1" in done.stderr and "Ready" not in done.stderr
