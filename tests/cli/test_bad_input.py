"""Bad input: one line of cause, one of what to do, the right exit code, no traceback, nothing lost."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from support.console import QUICK_START, STRANDS, Console, until
from support.stub_openai import Say, StubOpenAI

TOPIC = ("--var", "topic=tea")


def refused(console: Console, *arguments: str, code: int, cause: str, hint: str = "") -> None:
    """Run a command that must fail, and check what it says."""
    done = console.run(*arguments, code=code)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    errors = [line for line in lines if line.startswith("Error: ")]
    hints = [line for line in lines if line.startswith("Hint: ")]
    assert errors and lines[-len(hints) - len(errors) :] == errors + hints, done.stderr
    assert cause in "\n".join(errors), done.stderr
    assert len(hints) == 1 and hint in hints[0], done.stderr


@pytest.mark.parametrize(
    ("text", "code", "cause"),
    [
        ("version: 0\nname: [x\n", 3, "bad.yaml:3:1"),
        (QUICK_START + "extra: 1\n", 3, "extra"),
        (QUICK_START.replace("researcher:", "reseacher:"), 3, "did you mean 'reseacher'?"),
        (QUICK_START.replace('prompt: "Research', 'promt: "Research'), 3, "bad.yaml:8:5"),
        ("", 3, "empty"),
        ("- a list\n", 3, "mapping"),
        (QUICK_START.replace("type: chain", "type: chian"), 3, "chain"),
    ],
    ids=["broken YAML", "unknown key", "unknown agent", "misspelt key", "empty", "a list", "unknown pattern"],
)
def test_a_spec_that_is_none(console: Console, text: str, code: int, cause: str) -> None:
    console.write("bad.yaml", text)
    refused(console, "run", "bad.yaml", *TOPIC, "--offline", code=code, cause=cause)
    refused(console, "validate", "bad.yaml", code=code, cause=cause)
    reported = json.loads(console.run("validate", "bad.yaml", "--json", code=code).stdout)
    assert reported["valid"] is False and reported["problems"][0]["line"] >= 1
    assert not console.home.exists()


def test_all_problems_of_a_spec_come_at_once(console: Console) -> None:
    console.write("bad.yaml", QUICK_START.replace("input:", "inptu:") + "extra: 1\n")
    done = console.run("validate", "bad.yaml", code=3)
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: bad.yaml:")]
    assert len(errors) >= 3


def test_a_missing_file(console: Console) -> None:
    refused(console, "run", "nowhere.yaml", code=12, cause="'nowhere.yaml'", hint="path")
    refused(console, "validate", ".", code=12, cause="'.'")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ((), "topic"),
        (("--var", "topic"), "NAME=VALUE"),
        (("--var", "=x"), "NAME=VALUE"),
        (("--var", "topic=@nowhere.txt"), "'nowhere.txt'"),
        (("--vars", "nowhere.yaml"), "'nowhere.yaml'"),
        (("--var", "topic=x", "--var", "steps=1"), "steps"),
    ],
)
def test_variables_that_are_wrong(console: Console, arguments: tuple[str, ...], cause: str) -> None:
    refused(console, "run", "my_workflow.yaml", "--offline", *arguments, code=2, cause=cause)
    assert not list(console.home.glob("workflows/session_*"))


def test_variables_of_the_wrong_type_come_at_once(console: Console) -> None:
    inputs = "inputs: {required: {count: integer, tone: {type: string, enum: [dry, warm]}}}\n"
    console.write("typed.yaml", QUICK_START + inputs)
    arguments = ("run", "typed.yaml", *TOPIC, "--offline", "--var", "count=many", "--var", "tone=wet")
    done = console.run(*arguments, code=2)
    assert "count" in done.stderr and "integer" in done.stderr
    assert not list(console.home.glob("workflows/session_*"))


def test_a_missing_key_is_said_before_the_first_step(console: Console) -> None:
    refused(console, "run", "my_workflow.yaml", *TOPIC, code=2, cause="OPENAI_API_KEY", hint="--offline")
    assert not list(console.home.glob("workflows/session_*"))


def test_an_unreachable_provider_loses_nothing(console: Console) -> None:
    console.write("once.yaml", QUICK_START.replace("gpt-4o-mini", "gpt-4o-mini\n  failure_policy: {retries: 0}"))
    console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    refused(console, "run", "once.yaml", *TOPIC, "--quiet", code=10, cause="cannot be reached", hint="strands resume")
    (session,) = json.loads(console.run("sessions", "list", "--json").stdout)
    with StubOpenAI() as stub:
        console.env["OPENAI_BASE_URL"] = stub.url
        console.run("resume", session["id"], code=19)


@pytest.mark.parametrize(
    "session_id",
    [
        "..",
        ".",
        "a/b",
        "../../etc/passwd",
        "x" * 300,
        "",
        "none",
        "\u0455ession",
        "a\x1bb",
        "-",
        "*",
        "session_",
        "~",
        "NUL",
    ],
)
def test_case_24_a_session_id_that_is_none(console: Console, session_id: str) -> None:
    refused(console, "resume", "--", session_id, code=17, cause="no session", hint="strands sessions list")


@pytest.mark.parametrize("command", ["show", "delete", "cancel"])
@pytest.mark.parametrize("session_id", ["..", "a/b", "x" * 300])
def test_case_24_in_the_commands_about_sessions(console: Console, command: str, session_id: str) -> None:
    refused(console, "sessions", command, session_id, code=17, cause="no session", hint="strands sessions list")


def paused(console: Console) -> str:
    done = console.run("run", "my_workflow.yaml", *TOPIC, "--offline", "--json", code=19)
    return str(json.loads(done.stdout)["session_id"])


def test_a_finished_session(console: Console) -> None:
    session_id = paused(console)
    console.run("resume", session_id, "--response", "ok")
    refused(console, "resume", session_id, code=17, cause=session_id, hint="strands")
    refused(console, "sessions", "answer", session_id, "-r", "other", code=17, cause="already answered")
    cancelled = paused(console)
    console.run("sessions", "cancel", cancelled)
    refused(console, "resume", cancelled, code=17, cause="cancelled")


def test_an_ambiguous_prefix(console: Console) -> None:
    paused(console), paused(console)
    refused(console, "resume", "interactive", code=17, cause="'interactive'")


def test_a_session_that_another_process_runs(console: Console) -> None:
    with StubOpenAI([Say("Findings", delay=60)]) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        with console.start("run", "my_workflow.yaml", *TOPIC) as process:
            until(lambda: stub.requests)
            (session,) = json.loads(console.run("sessions", "list", "--json").stdout)
            assert session["status"] == "running"
            refused(console, "resume", session["id"], code=17, cause=session["id"])
            refused(console, "sessions", "delete", session["id"], code=17, cause=session["id"])
            process.terminate()
            process.communicate(timeout=20)
    assert len(stub.requests) == 1


def test_answers_that_do_not_fit(console: Console) -> None:
    console.write(
        "chosen.yaml", QUICK_START.replace("context_display:", "choices: [approve, reject]\n        context_display:")
    )
    done = console.run("run", "chosen.yaml", *TOPIC, "--offline", "--json", code=19)
    session_id = json.loads(done.stdout)["session_id"]
    refused(console, "resume", session_id, "--response", "maybe", code=17, cause="'maybe'", hint="approve, reject")
    refused(console, "resume", session_id, "--response", "", code=17, cause="empty")
    refused(console, "resume", session_id, "--answer", "steps/9=x", code=17, cause="steps/9", hint="steps/1")
    refused(console, "sessions", "answer", session_id, "--response", "maybe", code=17, cause="'maybe'")
    console.run("sessions", "answer", session_id, "--response", "approve")
    refused(console, "sessions", "answer", session_id, "-a", "steps/1=reject", code=17, cause="steps/1")
    console.run("resume", session_id)


def _can_write_anywhere() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def test_case_07_a_home_that_cannot_be_written(console: Console) -> None:
    console.write("file", "")
    console.env["STRANDS_HOME"] = str(console.directory / "file" / "home")
    begun = time.monotonic()
    refused(console, "run", "my_workflow.yaml", *TOPIC, "--offline", code=12, cause=str(console.directory / "file"))
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(_can_write_anywhere(), reason="root may write to a read-only directory")
def test_case_07_a_read_only_home(console: Console) -> None:
    console.home.mkdir(mode=0o500)
    refused(console, "run", "my_workflow.yaml", *TOPIC, "--offline", code=12, cause=str(console.home))


def test_an_output_directory_that_cannot_be_written(console: Console) -> None:
    console.write("file", "")
    spec = QUICK_START + 'outputs: {artifacts: [{path: "x.md", from: "{{ last_response }}"}]}\n'
    console.write("writes.yaml", spec)
    arguments = ("run", "writes.yaml", *TOPIC, "--offline", "--out", "file/inside", "--interactive")
    done = console.run(*arguments, stdin="ok\n", code=12)
    assert "file/inside" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("rnu",), "did you mean 'run'?"),
        (("sessions", "lst"), "did you mean 'list'?"),
        (("run",), "workflow file"),
        (("run", "my_workflow.yaml", "--hitl-response", "x"), "--resume"),
        (("run", "my_workflow.yaml", "--intractive"), "--interactive"),
        (("sessions", "list", "--limit", "many"), "many"),
        (("graph", "my_workflow.yaml", "--format", "jpg"), "jpg"),
        (("resume",), "ID"),
    ],
)
def test_a_command_line_that_is_wrong(console: Console, arguments: tuple[str, ...], cause: str) -> None:
    refused(console, *arguments, code=2, cause=cause, hint="--help")


def test_a_full_disk_for_the_output(console: Console) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [str(STRANDS), "schema"], stdout=full, stderr=subprocess.PIPE, text=True, env=console.env, timeout=60
        )
    assert done.returncode == 12
    assert "Traceback" not in done.stderr and "Error: " in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this platform")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("validate", "pipe"), 12),
        (("run", "pipe"), 12),
        (("run", "wf.yaml", "--var", "topic=@pipe"), 2),
        (("run", "wf.yaml", "--vars", "pipe"), 2),
    ],
    ids=["a spec to check", "a spec to run", "a variable", "variables"],
)
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(
    console: Console, arguments: tuple[str, ...], code: int
) -> None:
    os.mkfifo(console.directory / "pipe")
    console.write("wf.yaml", QUICK_START)
    refused(console, *arguments, code=code, cause="'pipe': it is a pipe, not a regular file", hint="Check")


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="open files have no names on this platform")
def test_what_a_shell_hands_over_is_read(console: Console) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as sink, os.fdopen(reading, "rb") as source:
        sink.write(QUICK_START.encode())
        sink.close()
        command = [str(STRANDS), "validate", f"/dev/fd/{source.fileno()}"]
        done = subprocess.run(
            command, pass_fds=[source.fileno()], env=console.env, capture_output=True, text=True, timeout=60
        )
    assert (done.returncode, done.stderr) == (0, "") and "valid" in done.stdout


@pytest.mark.parametrize("number", ["nan", "inf", "-1", "soon"])
@pytest.mark.parametrize(
    "command",
    [
        ("sessions", "cleanup", "--max-age-days"),
        ("store", "prune", "--older-than-days"),
        ("worker", "run", "flow.yaml", "--grace"),
    ],
)
def test_a_number_that_says_nothing_is_refused(command: tuple[str, ...], number: str, console: Console) -> None:
    said = console.run(*command, number, code=2).stderr
    assert f"Invalid value for '{command[-1]}'" in said and "Hint: " in said
