"""Case 9: Ctrl-C and SIGTERM in every phase: exit 130 or 143, no acknowledged answer lost, and resumable."""

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from support.console import QUICK_START, Console, Terminal, until
from support.stub_openai import Fault, Say, StubOpenAI, Use

RUN = ("run", "my_workflow.yaml", "--var", "topic=tea")
BOTH = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
SLOW = Say("too late", delay=60)


def served(console: Console, stub: StubOpenAI) -> None:
    console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}


def session(console: Console) -> Any:
    (found,) = json.loads(console.run("sessions", "list", "--json").stdout)
    return found


def interrupted(process: "subprocess.Popen[str]", number: int, code: int) -> tuple[str, str]:
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, (process.returncode, err)
    assert "Traceback" not in err, err
    assert time.monotonic() - begun < 15
    return out, err


def left(terminal: Terminal, number: int, code: int) -> str:
    if number == signal.SIGINT:
        terminal.process.sendintr()
    else:
        terminal.process.kill(number)
    shown = terminal.end(code)
    assert "\x1b[?25h" in terminal.sent.decode() or "\x1b[?25l" not in terminal.sent.decode()
    return shown


@BOTH
def test_case_09_during_a_model_call(console: Console, number: int, code: int) -> None:
    with StubOpenAI(["Findings", SLOW, "Summary"]) as stub:
        served(console, stub)
        with console.start(*RUN, "--interactive") as process:  # there is no input: the question stays open
            process.wait(30)
        session_id = session(console)["id"]
        with console.start("resume", session_id, "--response", "approved", "--json") as process:
            until(lambda: len(stub.requests) == 2)
            out, err = interrupted(process, number, code)
        assert json.loads(out)["exit_code"] == code
        assert f"Resume: strands resume {session_id}" in err
        assert session(console)["status"] == "interrupted"
        assert f"Go on: strands resume {session_id}\n" in console.run("sessions", "show", session_id).stdout
        assert console.run("resume", session_id, "--quiet").stdout == "Summary\n"
        assert [request.prompt for request in stub.requests][1:] == ["Write summary. HITL feedback: approved"] * 2


def test_the_time_of_a_process_that_was_killed_is_said_to_be_missing(console: Console) -> None:
    with StubOpenAI(["Findings", SLOW, "Summary"]) as stub:
        served(console, stub)
        with console.start(*RUN, "--interactive") as process:
            process.wait(30)
        session_id = session(console)["id"]
        with console.start("resume", session_id, "--response", "approved") as process:
            until(lambda: len(stub.requests) == 2)
            process.kill()
        done = console.run("resume", session_id)
    assert " s of work (what a process that was killed did is not counted), " in done.stderr


@BOTH
def test_case_09_at_the_prompt(online: Console, stub: StubOpenAI, number: int, code: int) -> None:
    terminal = online.terminal(*RUN).expect("Your response: ").type("half an ans", enter=False).expect("half an ans")
    shown = left(terminal, number, code)
    found = session(online)
    assert f"Resume: strands resume {found['id']}" in shown
    assert (found["status"], found["questions"]) == ("paused", ["steps/1"])
    online.run("resume", found["id"], "--response", "approved")
    assert len(stub.requests) == 2


def test_case_09_the_terminal_is_as_it_was(online: Console) -> None:
    shell = (
        "import signal, subprocess\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        f"subprocess.run([*{online.command!r}, *{RUN!r}], preexec_fn=heard)\n"
        "print('SHELL', flush=True)\n"
        "input()\n"
    )
    terminal = online.script("shell.py", shell)
    terminal.expect("Your response: ")
    until(lambda: not terminal.cooked())
    terminal.process.sendintr()
    terminal.expect("SHELL")
    assert terminal.cooked()
    terminal.type("").end()


@BOTH
def test_case_09_in_a_terminal_during_a_model_call(console: Console, number: int, code: int) -> None:
    with StubOpenAI([SLOW]) as stub:
        served(console, stub)
        terminal = console.terminal(*RUN).expect("researcher")
        until(lambda: stub.requests)
        shown = left(terminal, number, code)
    assert f"Resume: strands resume {session(console)['id']}" in shown


def test_case_09_a_second_ctrl_c_does_not_wait(console: Console) -> None:
    console.write("stubborn.py", STUBBORN)
    console.env["PYTHONPATH"] = os.pathsep.join([str(console.directory), console.env.get("PYTHONPATH", "")])
    spec = QUICK_START.replace('key findings"', 'key findings"\n    tools: [cling]')
    console.write("my_workflow.yaml", spec + "tools: {python: [{callable: 'stubborn:cling'}]}\n")
    with StubOpenAI([Use("cling", {})]) as stub:
        served(console, stub)
        terminal = console.terminal(*RUN)
        until((console.directory / "clung").exists)
        terminal.process.sendintr()
        time.sleep(0.3)
        terminal.process.sendintr()
        terminal.end(130)
    assert terminal.sent.rfind(b"\x1b[?25h") > terminal.sent.rfind(b"\x1b[?25l")
    assert session(console)["status"] == "interrupted"


@BOTH
def test_case_09_while_a_retry_waits(console: Console, number: int, code: int) -> None:
    with StubOpenAI([Fault(429, headers={"Retry-After": "50"}), "Findings", "Summary"]) as stub:
        served(console, stub)
        with console.start(*RUN) as process:
            until(lambda: stub.requests)
            time.sleep(0.5)
            interrupted(process, number, code)
        session_id = session(console)["id"]
        console.run("resume", session_id, code=19)
        console.run("resume", session_id, "--response", "ok")
    assert len(stub.requests) == 3


@BOTH
def test_case_09_before_anything_started(console: Console, number: int, code: int) -> None:
    process = subprocess.Popen(
        [*console.command, *RUN[:2], "--var", "topic=@-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=console.env,
        cwd=console.directory,
    )
    with process:
        time.sleep(1.5)
        interrupted(process, number, code)
    assert not list(console.home.glob("workflows/session_*"))


def test_case_09_while_variables_are_asked_for(console: Console) -> None:
    terminal = console.terminal("run", "my_workflow.yaml", "--ask").expect("topic: ")
    assert "Nothing was started" in left(terminal, signal.SIGINT, 130)


STUBBORN = """\
import asyncio, pathlib, time
from strands import tool

@tool
async def cling() -> str:
    '''Do not let go.'''
    pathlib.Path("clung").touch()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            pass
    return "done"
"""

TOOL = """\
import pathlib, time
from strands import tool

@tool
def dig(where: str) -> str:
    '''Dig a hole.'''
    pathlib.Path("dug").write_text(where)
    time.sleep(60)
    return "done"
"""


@BOTH
def test_case_09_a_tool_that_blocks_is_not_waited_for(console: Console, number: int, code: int) -> None:
    console.write("digging.py", TOOL)
    tools = "tools: {python: [{callable: 'digging:dig'}]}\n"
    spec = QUICK_START.replace('key findings"', 'key findings"\n    tools: [dig]')
    console.write("my_workflow.yaml", spec + tools)
    console.env["PYTHONPATH"] = os.pathsep.join([str(console.directory), console.env.get("PYTHONPATH", "")])
    with StubOpenAI([Use("dig", {"where": "here"})]) as stub:
        served(console, stub)
        with console.start(*RUN) as process:
            until((console.directory / "dug").exists)
            _, err = interrupted(process, number, code)
    assert "Resume: strands resume" in err
