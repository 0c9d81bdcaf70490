"""`run` again on a paused session, how a run shows in a terminal, and the sync calls' one loop."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.errors import AnswerError, InputError, SessionFinishedError, SessionNotFoundError
from support.console import Console, environment
from support.stub_openai import StubOpenAI

SPEC = {
    "version": 0,
    "name": "again",
    "runtime": {"provider": "openai", "model_id": "m"},
    "agents": {"a": {"prompt": "p"}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"agent": "a", "input": "about {{ topic }}"},
                {"type": "hitl", "prompt": "ok?"},
                {"agent": "a", "input": "{{ hitl_response }}"},
            ]
        },
    },
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def workflow(**more: Any) -> Workflow:
    return Workflow.from_dict(SPEC, model=ScriptedModel(lambda m: "r:" + m[-1]["content"][0]["text"]), **more)


def by_run(flow: Workflow, **options: Any) -> Any:
    return flow.run(**options)


def by_run_async(flow: Workflow, **options: Any) -> Any:
    return asyncio.run(flow.run_async(**options))


def by_run_interactive(flow: Workflow, **options: Any) -> Any:
    return flow.run_interactive(hitl_handler=lambda state: "asked", **options)


# -- run again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [by_run, by_run_async, by_run_interactive])
def test_run_again_answers_a_paused_session(again: Callable[..., Any]) -> None:
    paused = workflow().run(topic="birds")
    done = again(workflow(), topic="birds", session_id=paused.session_id, hitl_response="approved")
    assert (done.last_response, done.session_id) == ("r:approved", paused.session_id)


def test_run_again_without_an_answer_stays_paused() -> None:
    paused = workflow().run(topic="birds")
    again = workflow().run(session_id=paused.session_id)
    assert (again.status, again.session_id) == ("paused", paused.session_id)
    assert len(SessionManager().list_sessions()) == 1


def test_run_again_with_other_variables_answers_nothing() -> None:
    paused = workflow().run(topic="birds")
    with pytest.raises(InputError, match="topic='birds', not 'fish'"):
        workflow().run(topic="fish", session_id=paused.session_id, hitl_response="approved")
    assert SessionManager().get_session(str(paused.session_id)).status == "paused"


def test_a_session_id_names_a_new_session_once() -> None:
    workflow().run(topic="a", session_id="job-10")
    assert workflow().run(topic="b", session_id="job-1").session_id == "job-1"
    assert workflow().run(session_id="job-1", hitl_response="yes").success
    with pytest.raises(SessionFinishedError):
        workflow().run(session_id="job-1")


def test_an_answer_to_no_session_starts_nothing() -> None:
    with pytest.raises(AnswerError, match="hitl_response"):
        workflow().run(topic="a", hitl_response="yes")
    with pytest.raises(SessionNotFoundError):
        workflow().run(topic="a", session_id="unknown", hitl_response="yes")
    assert SessionManager().list_sessions() == []


# -- in a terminal --------------------------------------------------------------------------------------------------

SCRIPT = """\
from strands import Workflow
workflow = Workflow.from_dict(%r, offline=True)
workflow.run_interactive(topic="birds"%s)
"""


@pytest.mark.parametrize(("more", "shown"), [("", True), (", progress=False", False)])
def test_a_script_in_a_terminal_shows_how_it_gets_on(tmp_path: Path, more: str, shown: bool) -> None:
    terminal = Console(tmp_path).script("script.py", SCRIPT % (SPEC, more))
    text = terminal.expect("Your response: ").type("yes").end()
    assert ("✓ steps/0" in text) == shown


@pytest.mark.parametrize(("more", "shown"), [("", True), (", progress=False", False)])
def test_a_handler_of_ones_own_has_the_screen_for_itself(tmp_path: Path, more: str, shown: bool) -> None:
    script = SCRIPT % (SPEC, f', hitl_handler=lambda state: input("well? "){more}')
    terminal = Console(tmp_path).script("script.py", script)
    terminal.expect("well? ").type("yes")
    text = terminal.end()
    asking = text.partition("well? ")[2].partition("\n")[0]
    assert asking.strip() == "yes" and ("✓ steps/2" in text) == shown


def test_run_shows_how_it_gets_on_in_a_terminal_but_not_in_threads(tmp_path: Path) -> None:
    more = "import threading\nthread = threading.Thread(target=lambda: workflow.run(topic='owls'))\n"
    script = SCRIPT.replace("run_interactive", "run") % (SPEC, "") + more + "thread.start(); thread.join()\n"
    assert Console(tmp_path).script("script.py", script).end().count("✓ steps/0") == 1


def test_a_notebook_shows_how_it_gets_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class OutStream(io.StringIO):
        pass

    OutStream.__module__ = "ipykernel.iostream"
    for progress, shown in ((None, True), (False, False)):
        out = OutStream()
        monkeypatch.setattr(sys, "stdout", out)
        workflow().run_interactive(hitl_handler=lambda state: "yes", topic="owls", progress=progress)
        monkeypatch.undo()
        assert ("✓ steps/2" in out.getvalue()) == shown


def test_nothing_is_shown_in_a_pipe(tmp_path: Path) -> None:
    code = SCRIPT.replace("topic=", "hitl_handler=lambda state: 'yes', topic=") % (SPEC, "")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path / "home"), check=True
    )
    assert done.stdout + done.stderr == ""


HANGING = """\
import asyncio
from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
@tool
async def hang() -> str:
    "Hang."
    print("hanging", flush=True)
    await asyncio.sleep(600)
spec = %r
workflow = Workflow.from_dict(spec, model=ScriptedModel([ToolCall("hang", {}), "end"]), tools=[hang])
try:
    workflow.run(topic="birds")
except KeyboardInterrupt as stopped:
    print(stopped, flush=True)
"""


def test_ctrl_c_in_a_script_leaves_a_session_and_says_how_to_resume(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING % SPEC], stdout=subprocess.PIPE, text=True, env=environment(tmp_path / "home")
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "hanging\n"
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    session = SessionManager().list_sessions()[0]
    assert f"workflow.resume({session.id!r})" in said
    assert process.returncode == 0 and session.status == "interrupted"


# -- one loop -------------------------------------------------------------------------------------------------------


def loops(run: Callable[[], Any], flow: Workflow) -> set[int]:
    seen = []
    flow.on("step_start", lambda event: seen.append(asyncio.get_running_loop()))
    for _ in range(3):
        run()
    return {id(loop) for loop in seen}


def test_the_sync_runs_of_a_thread_share_a_loop() -> None:
    flow = workflow()
    assert len(loops(lambda: flow.run(topic="a"), flow)) == 1


def test_the_sync_runs_in_a_running_loop_share_one_too() -> None:
    flow = workflow()

    async def notebook() -> set[int]:
        return loops(lambda: flow.run(topic="a"), flow)

    assert len(asyncio.run(notebook())) == 1


def test_sync_runs_keep_their_client_until_its_key_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubOpenAI() as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        monkeypatch.setenv("OPENAI_API_KEY", "first")
        flow = Workflow.from_dict(SPEC)
        flow.run(topic="a")
        flow.run(topic="b")
        monkeypatch.setenv("OPENAI_API_KEY", "second")
        flow.run(topic="c")
        keys = [
            request.headers.get("Authorization") or request.headers.get("authorization") for request in stub.requests
        ]
        assert keys == ["Bearer first", "Bearer first", "Bearer second"]


def test_threads_run_at_once() -> None:
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(workflow().run(topic="a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [result.status for result in results] == ["paused"] * 4


FORKED = """\
import os, sys
from strands import Workflow
workflow = Workflow.from_dict(%r, offline=True)
workflow.run(topic="a")
child = os.fork()
if child == 0:
    os._exit(0 if workflow.run(topic="b").status == "paused" else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(code or (workflow.run(topic="c").status != "paused"))
"""


def test_a_forked_process_runs_too(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED % SPEC]
    subprocess.run(command, env=environment(tmp_path / "home"), check=True, timeout=60)


def test_an_error_of_the_sync_calls_is_one_error(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    code = f"from strands import Workflow\nWorkflow.from_dict({SPEC!r}).run(topic='a')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert "OPENAI_API_KEY" in done.stderr
    assert "During handling" not in done.stderr and "asyncio" not in done.stderr and "event loop" not in done.stderr
