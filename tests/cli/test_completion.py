"""Completion in a shell: sessions, questions, steps, variables and agents; files stay the shell's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from strands import SessionManager, Workflow
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from support.console import STRANDS, Console
from support.specs import PAUSING

SPEC = {**PAUSING, "inputs": {"required": {"amount": "number"}, "optional": {"note": "string", "name": "string"}}}


@pytest.fixture
def console(tmp_path: Path) -> Console:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    console.write("pay.json", json.dumps(SPEC))
    return console


def complete(console: Console, words: str) -> list[str]:
    """Return what bash is told when Tab is pressed after `words`, as click writes it: a type and a text."""
    split = words.split(" ")
    asked = {"_STRANDS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(split) - 1)}
    done = subprocess.run(
        [STRANDS], env={**console.env, **asked}, cwd=console.directory, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def complete_in_parts(console: Console, words: str) -> list[str]:
    """Return the same where bash has taken the words apart at ":" and "=", as it does."""
    parts = [part for word in words.split(" ") for part in (re.split("([:=])", word) if word else [""])]
    apart = [part for part in parts if part] + ([""] if words.endswith(" ") else [])
    return complete(console, " ".join(apart))


def paused(store: str) -> str:
    return Workflow.from_dict(SPEC, store=store).run(amount=1).session_id


def test_commands_and_options_are_completed(console: Console) -> None:
    assert complete(console, "strands ses") == ["plain,sessions"]
    assert complete(console, "strands sessions c") == ["plain,claim", "plain,cancel", "plain,cleanup"]
    assert "plain,--interactive" in complete(console, "strands run --inter")


@pytest.mark.parametrize("place", ["home/workflows", "sqlite:///runs.db"])
def test_sessions_questions_and_steps_of_the_store_are_completed(console: Console, place: str) -> None:
    store = place.replace("sqlite:///", f"sqlite:///{console.directory}/").replace("home", str(console.home))
    waiting, over = paused(store), paused(store)
    named = f"strands --store {store}"
    assert Workflow.from_dict(SPEC, store=store).resume(over, "yes").success
    assert sorted(complete(console, f"{named} sessions show ")) == sorted([f"plain,{waiting}", f"plain,{over}"])
    assert complete(console, f"{named} resume ") == [f"plain,{waiting}"]
    assert complete(console, f"{named} sessions answer {waiting[:6]}") == [f"plain,{waiting}"]
    assert complete(console, f"{named} sessions answer {waiting} --answer ") == ["plain,q1=", "plain,steps/1="]
    assert complete(console, f"{named} sessions claim {waiting} ") == ["plain,q1"]
    assert complete(console, f"{named} resume {waiting} -a st") == ["plain,steps/1="]
    assert "plain,steps/0" in complete(console, f"{named} sessions fork {over} --at ")
    assert complete(console, f"{named} sessions list --workflow ") == ["plain,kept"]


def test_what_bash_takes_apart_is_put_together_again(console: Console) -> None:
    store = f"sqlite:///{console.directory}/runs.db"
    waiting = paused(store)
    for named in (f"--store {store}", f"--store={store}"):
        assert complete_in_parts(console, f"strands {named} sessions show ") == [f"plain,{waiting}"]
        assert complete_in_parts(console, f"strands {named} resume {waiting} --answer steps/1=yes --spe") == [
            "plain,--spec"
        ]
    assert complete_in_parts(console, "strands worker app:flow --slo") == ["plain,--slots"]
    assert complete_in_parts(console, "strands nothing:of=that kind ") == []


def test_a_question_with_a_colon_in_its_name_is_completed_behind_it(console: Console) -> None:
    def ask(event: BeforeToolCallEvent) -> None:
        event.interrupt("sure")

    spec = {**PAUSING, "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "?"}]}}}
    spec["agents"] = {"a": {"prompt": "?", "tools": ["current_time"]}}
    model = ScriptedModel([ToolCall("current_time", {})])
    store = f"sqlite:///{console.directory}/runs.db"
    session_id = Workflow.from_dict(spec, store=store, hooks=[ask], model=model).run().session_id
    (question,) = SessionManager(store=store).get_session(session_id).questions
    before, colon, behind = question.id.partition(":")
    assert colon
    found = complete_in_parts(console, f"strands --store {store} resume {session_id} --answer {before}:")
    assert found == [f"plain,{behind}="]


def test_variables_of_the_workflow_are_completed(console: Console) -> None:
    assert complete(console, "strands run pay.json --var ") == ["plain,amount=", "plain,note=", "plain,name="]
    assert complete(console, "strands run pay.json -V n") == ["plain,note=", "plain,name="]


def test_engines_are_completed(console: Console) -> None:
    assert complete(console, "strands worker app:flow --engine t") == ["plain,temporal"]


def test_agents_are_completed(console: Console) -> None:
    console.run("atomic", "init", "summarize")
    assert complete(console, "strands atomic run ") == ["plain,summarize"]


@pytest.mark.parametrize(
    "words",
    [
        "strands run p",
        "strands worker p",
        "strands worker run p",
        "strands validate p",
        "strands run --vars p",
        "strands resume x --spec p",
        "strands graph p",
    ],
)
def test_files_are_left_to_the_shell(console: Console, words: str) -> None:
    assert complete(console, words) == ["file,p"]


@pytest.mark.parametrize("words", ["strands --store d", "strands run x --out d", "strands store copy d"])
def test_directories_are_left_to_the_shell(console: Console, words: str) -> None:
    assert complete(console, words) == ["dir,d"]


def test_what_cannot_be_read_completes_nothing(console: Console) -> None:
    (console.directory / "broken.yaml").write_text("{")
    (console.directory / "broken.db").write_text("no database")
    assert complete(console, "strands run broken.yaml --var ") == []
    assert complete(console, "strands run nowhere.yaml --var ") == []
    assert complete(console, "strands --store sqlite:///broken.db resume ") == []
    assert complete(console, "strands sessions answer nobody --answer ") == []


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_a_bash_completes_sessions_and_files(console: Console) -> None:
    pexpect = pytest.importorskip("pexpect")
    waiting = paused(str(console.home / "workflows"))
    env = {**os.environ, **console.env, "PS1": "> ", "TERM": "dumb"}
    env["PATH"] = f"{Path(STRANDS).parent}{os.pathsep}{env['PATH']}"
    bash = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], env=env, cwd=str(console.directory), encoding="utf-8", timeout=30
    )
    bash.sendline('eval "$(_STRANDS_COMPLETE=bash_source strands)"; echo rea""dy')
    bash.expect("ready\r\n")
    bash.send("strands resume kep\t")
    bash.expect_exact(waiting)
    bash.sendline("\x15echo new line")
    bash.expect("new line\r\n")
    bash.send("strands run pa\t")
    bash.expect_exact("pay.json")
    bash.sendline("\x15exit")
    bash.expect(pexpect.EOF)
