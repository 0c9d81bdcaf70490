"""The tools that come with the package."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models import ScriptedModel, ToolCall
from strands.vended_tools import (
    file_editor,
    handoff_to_user,
    http_request,
    make_http_request,
    make_notebook,
    make_python_repl,
    make_sleep,
    make_stop,
    notebook,
    python_repl,
    shell,
    sleep,
    stop,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="commands of a POSIX shell")


def agent_of(*tools: Any, script: Any = ()) -> Agent:
    return Agent(model=ScriptedModel(list(script)), tools=list(tools), callback_handler=None)


def text_of(result: Any) -> str:
    return str(result["content"][0].get("text") or json.dumps(result["content"][0]["json"]))


def call(agent: Agent, name: str, /, **arguments: Any) -> Any:
    """Return what a direct call of a tool gives: its text as data, if it is any."""
    result = getattr(agent.tool, name)(**arguments)
    text = text_of(result)
    if result["status"] == "error":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


@POSIX
def test_a_command_says_what_it_says_and_how_it_ended() -> None:
    said = call(agent_of(shell), "shell", command="echo out; echo err >&2; exit 3")
    assert said == {"output": "out\n", "error": "err\n", "exit_code": 3}


@POSIX
def test_a_command_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    said = call(agent_of(shell), "shell", command=f"echo before; (sleep 5; touch {mark}) & wait", timeout=0.5)
    assert "took longer than 0.5 s" in said and "before" in said
    assert not mark.exists()
    assert "above 0" in call(agent_of(shell), "shell", command="true", timeout=0)


@POSIX
def test_a_command_ends_when_the_agent_is_cancelled() -> None:
    agent = agent_of(shell, script=[ToolCall("shell", {"command": "sleep 100"}), "never said"])
    began = time.monotonic()
    threading.Timer(0.5, agent.cancel).start()
    assert agent("go").stop_reason == "cancelled"
    assert time.monotonic() - began < 60


def test_code_runs_in_a_process_of_its_own() -> None:
    agent = agent_of(python_repl, make_python_repl(name="other", language="there-is-no-such-python"))
    assert call(agent, "python_repl", code="print(6 * 7)") == {"output": "42\n", "error": "", "exit_code": 0}
    failed = call(agent, "python_repl", code="raise ValueError('no')")
    assert failed["exit_code"] == 1 and "ValueError: no" in failed["error"]
    assert "cannot be run" in call(agent, "other", code="1")


def test_a_file_is_made_viewed_and_changed(tmp_path: Path) -> None:
    agent, path = agent_of(file_editor), str(tmp_path / "below/note.txt")

    def edit(command: str, **more: Any) -> str:
        return str(call(agent, "file_editor", command=command, path=more.pop("path", path), **more))

    assert "is made" in edit("create", file_text="one\r\ntwo\nthree")
    assert "there is a file" in edit("create", file_text="other")
    assert edit("view", view_range=[2, -1]) == "     2  two\n     3  three"
    assert "2.5" in edit("str_replace", old_str="two", new_str="two and\n2.5")
    assert "     1  zero" in edit("insert", insert_line=0, new_str="zero")
    assert Path(path).read_bytes() == b"zero\none\r\ntwo and\n2.5\nthree"
    assert "below/note.txt" in edit("view", path=str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"command": "str_replace", "old_str": "a", "new_str": "b"}, "there 2 times"),
        ({"command": "str_replace", "old_str": "z", "new_str": "b"}, "there 0 times"),
        ({"command": "insert", "insert_line": 9, "new_str": "b"}, "has 2 lines"),
        ({"command": "view", "view_range": [2, 1]}, "lines 1 to 2"),
        ({"command": "view", "path": "relative"}, "not absolute"),
        ({"command": "view", "path": "/tmp/../etc/passwd"}, "'..'"),
        ({"command": "create"}, "file_text"),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused(tmp_path: Path, arguments: Any, problem: str) -> None:
    file = tmp_path / "file"
    file.write_text("a\na")
    assert problem in call(agent_of(file_editor), "file_editor", **{"path": str(file), **arguments})
    assert file.read_text() == "a\na"


def test_notes_are_kept_in_the_agents_state() -> None:
    agent = agent_of(notebook, make_notebook(name="small", max_notebook_size_bytes=3))

    def note(mode: str, **more: Any) -> str:
        return str(call(agent, "notebook", mode=mode, name="plan", **more))

    assert "no notebook 'plan'" in note("write", new_str="x")
    note("create", new_str="first")
    note("write", new_str="last")
    note("write", new_str="middle", insert_line="first")
    note("write", old_str="last", new_str="end")
    assert agent.state.get("notebooks")["plan"] == note("read") == "first\nmiddle\nend"
    assert note("read", read_range=[-2, -1]) == "2: middle\n3: end"
    assert "no line" in note("write", new_str="x", insert_line="absent")
    assert "alone or with one" in note("write", new_str="x", insert_line=1, old_str="first")
    note("clear")
    assert "- plan: nothing in it" in note("list")
    assert "longer than 3 bytes" in call(agent, "small", mode="create", new_str="four")


def test_a_wait_has_bounds() -> None:
    agent = agent_of(sleep, make_sleep(max_duration=1, name="nap"))
    assert call(agent, "sleep", duration=0.01) == "Slept for 0.01 seconds"
    assert "exceeds maximum 60" in call(agent, "sleep", duration=61)
    assert "exceeds maximum 1" in call(agent, "nap", duration=2)
    with pytest.raises(ValueError, match="positive"):
        make_sleep(max_duration=float("inf"))


def test_a_model_can_end_its_work() -> None:
    agent = agent_of(stop, script=[ToolCall("stop", {"message": "All done."}), "never said"])
    result = agent("go")
    assert (result.stop_reason, str(result).strip()) == ("cancelled", "All done.")
    assert "at most 3" in call(agent_of(make_stop(max_message_length=3)), "stop", message="long")


def test_a_model_can_ask_the_user() -> None:
    agent = agent_of(handoff_to_user, script=[ToolCall("handoff_to_user", {"message": "Which?"}), "Thanks."])
    result = agent("go")
    (question,) = result.interrupts or ()
    assert (result.stop_reason, question.name, question.reason) == ("interrupt", "strands:handoff-to-user", "Which?")
    agent([{"interruptResponse": {"interruptId": question.id, "response": "The blue one."}}])
    assert "The blue one." in text_of(agent.messages[2]["content"][0]["toolResult"])


def test_an_answer_is_a_status_headers_and_a_body() -> None:
    import httpx

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/gone":
            return httpx.Response(404)
        if request.url.path == "/cut":
            raise httpx.ReadError("cut off")
        headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        return httpx.Response(200, headers=headers, text=f"{request.method} {request.content.decode()}")

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    agent = agent_of(make_http_request(client=client))

    def get(path: str, **more: Any) -> Any:
        return call(agent, "http_request", method=more.pop("method", "GET"), url=f"https://x.test{path}", **more)

    good = get("/", method="POST", body="hello")
    assert (good["status"], good["body"], good["headers"]["set-cookie"]) == (200, "POST hello", "a=1\nb=2")
    assert "404 Not Found" in get("/gone") and "cut off" in get("/cut")
    assert "positive" in get("/", timeout=0)
    assert "Request failed" in call(agent_of(http_request), "http_request", method="GET", url="https://")
