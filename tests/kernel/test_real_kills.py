"""Real processes, killed with SIGKILL at any time, against a real HTTP server that counts what it is asked."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from strands_cli.kernel.state import State
from strands_cli.session.repository import store_at
from support.commands import command, environment, start
from support.stub_openai import Say, StubOpenAI

AGENTS = {"a": {"prompt": "You are a."}, "b": {"prompt": "You are b."}}
HEAD = {"version": 0, "name": "killed", "runtime": {"provider": "openai", "model_id": "gpt-4o-mini"}, "agents": AGENTS}
CHAIN = {
    "type": "chain",
    "config": {
        "steps": [
            {"agent": "a", "input": "first"},
            {"type": "hitl", "prompt": "Go on?"},
            {"agent": "b", "input": "second {{ hitl_response }}"},
            {"agent": "a", "input": "third"},
        ]
    },
}
PARALLEL = {
    "type": "parallel",
    "config": {
        "branches": [
            {
                "id": "x",
                "steps": [
                    {"agent": "a", "input": "x1"},
                    {"type": "hitl", "prompt": "x?"},
                    {"agent": "a", "input": "x2"},
                ],
            },
            {
                "id": "y",
                "steps": [
                    {"agent": "b", "input": "y1"},
                    {"type": "hitl", "prompt": "y?"},
                    {"agent": "b", "input": "y2"},
                ],
            },
        ],
        "reduce": {"agent": "b", "input": "all"},
    },
}


def write(directory: Path, pattern: dict[str, Any]) -> Path:
    path = directory / "flow.json"
    path.write_text(json.dumps({**HEAD, "pattern": pattern}), encoding="utf-8")
    return path


def kept_in(home: Path, store: str) -> str:
    """The place of a store: files, or a database in the same directory."""
    return f"sqlite:///{home.parent / 'runs.db'}" if store == "sqlite" else str(home / "workflows")


def sessions(home: Path) -> dict[str, State]:
    async def read() -> dict[str, State]:
        database = home.parent / "runs.db"
        repository = store_at(kept_in(home, "sqlite" if database.exists() else "files"))
        return {name: State(await (await repository.open(name)).load()) for name in await repository.ids()}

    return asyncio.run(read())


def done_prompts(home: Path) -> set[str]:
    return {state.started[key].data["prompt"] for state in sessions(home).values() for key in state.done}


def next_command(home: Path, spec: Path) -> list[str]:
    """What a person would type next."""
    for name, state in sessions(home).items():
        answers = [part for entry in state.open_questions() for part in ("--answer", f"{entry.key}=yes")]
        return ["resume", name, *answers]
    return ["run", str(spec)]


@pytest.mark.parametrize(
    ("pattern", "store"), [(CHAIN, "sqlite"), (PARALLEL, "files")], ids=["chain-sqlite", "parallel-files"]
)
def test_case_1_kill_9_at_any_time_loses_nothing_and_repeats_nothing(
    pattern: dict[str, Any], store: str, tmp_path: Path
) -> None:
    home, spec = tmp_path / "home", write(tmp_path, pattern)
    with StubOpenAI(lambda request: Say(f"did {request.prompt}", delay=0.15)) as stub:
        env = environment(home, stub.url) | {"STRANDS_STORE": kept_in(home, store)}
        for tries in range(30):
            on_record, asked = done_prompts(home), len(stub.requests)
            process = start(next_command(home, spec), env, tmp_path)
            # From before the first write to after the last: each try lives a little longer, the last ones to the end.
            try:
                process.communicate(timeout=0.25 + 0.05 * tries if tries < 25 else 60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            repeated = on_record & {request.prompt for request in stub.requests[asked:]}
            assert not repeated, f"asked again although on record: {repeated}"
            if any(state.status == "completed" for state in sessions(home).values()):
                break
        (state,) = sessions(home).values()
        assert state.status == "completed", "killed for ever"
        prompts = {state.started[key].data["prompt"] for key in state.started}
        assert prompts == {request.prompt for request in stub.requests}
        assert all(entry.data["value"] == "yes" for entry in state.answered.values())


@pytest.mark.parametrize("store", ["files", "sqlite"])
def test_case_12_two_processes_resume_one_session(store: str, tmp_path: Path) -> None:
    home, spec = tmp_path / "home", write(tmp_path, CHAIN)
    with StubOpenAI(
        lambda request: Say(f"did {request.prompt}", delay=1.5 if "second" in request.prompt else 0)
    ) as stub:
        env = environment(home, stub.url) | {"STRANDS_STORE": kept_in(home, store)}
        assert command(["run", str(spec)], env, tmp_path).returncode == 19
        (session,) = sessions(home)
        assert command(["sessions", "answer", session, "--response", "yes"], env, tmp_path).returncode == 0
        both = [start(["resume", session], env, tmp_path) for _ in range(2)]
        outputs = [process.communicate(timeout=60) for process in both]
        codes = sorted(process.returncode for process in both)
        assert codes == [0, 17], outputs
        loser = next(error for process, (_, error) in zip(both, outputs, strict=True) if process.returncode == 17)
        assert "is being run by another process" in loser and "Traceback" not in loser
        assert Counter(request.prompt for request in stub.requests) == {"first": 1, "second yes": 1, "third": 1}


@pytest.mark.parametrize("store", ["files", "sqlite"])
def test_two_answers_to_one_question_from_two_processes(store: str, tmp_path: Path) -> None:
    home, spec = tmp_path / "home", write(tmp_path, CHAIN)
    with StubOpenAI(lambda request: f"did {request.prompt}") as stub:
        env = environment(home, stub.url) | {"STRANDS_STORE": kept_in(home, store)}
        command(["run", str(spec)], env, tmp_path)
        (session,) = sessions(home)
        both = [
            start(["sessions", "answer", session, "--answer", f"steps/1={word}"], env, tmp_path)
            for word in ("yes", "no")
        ]
        errors = [process.communicate(timeout=60)[1] for process in both]
        assert sorted(process.returncode for process in both) == [0, 17]
        winner = ("yes", "no")[[process.returncode for process in both].index(0)]
        loser = next(error for process, error in zip(both, errors, strict=True) if process.returncode == 17)
        assert "already answered by" in loser and repr(winner) in loser
        assert command(["resume", session], env, tmp_path).returncode == 0
        assert f"second {winner}" in {request.prompt for request in stub.requests}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_case_9_a_signal_leaves_a_session_that_resumes(number: signal.Signals, code: int, tmp_path: Path) -> None:
    home, spec = tmp_path / "home", write(tmp_path, CHAIN)
    slow = {"first"}
    with StubOpenAI(lambda request: Say("did", delay=5 if request.prompt in slow else 0)) as stub:
        env = environment(home, stub.url)
        process = start(["run", str(spec)], env, tmp_path)
        deadline = time.monotonic() + 20
        while not stub.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
        assert process.returncode == code, error
        (session,) = sessions(home)
        assert f"strands resume {session}" in error and "Traceback" not in error
        slow.clear()
        assert command(["resume", session], env, tmp_path).returncode == 19
        assert command(["resume", session, "--response", "yes"], env, tmp_path).returncode == 0
