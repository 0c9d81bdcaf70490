"""What the tools that come with the package refuse, and what they say then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models import ScriptedModel
from strands.vended_tools import (
    file_editor,
    make_http_request,
    make_notebook,
    make_python_repl,
    make_sleep,
    make_stop,
    notebook,
)
from support.small_server import Answer, serving


def called(tool: Any, /, **arguments: Any) -> str:
    """Return what a direct call says."""
    agent = Agent(model=ScriptedModel([]), tools=[tool], callback_handler=None)
    return str(getattr(agent.tool, tool.tool_name)(**arguments)["content"][0]["text"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a.txt"
    file.write_text("one\ntwo\nthree\n")
    return file


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"command": "view", "path": "a.txt"}, "is not absolute; it is '"),
        ({"command": "create"}, "create needs file_text"),
        ({"command": "create", "file_text": "x"}, "there is a file at"),
        ({"command": "view", "view_range": [3, 2]}, "view_range is [3, 2]; the file has the lines 1 to 4"),
        ({"command": "insert"}, "insert needs insert_line and new_str"),
        ({"command": "insert", "insert_line": 9, "new_str": "x"}, "insert_line is 9; the file has 4 lines"),
        ({"command": "str_replace"}, "str_replace needs old_str"),
        ({"command": "str_replace", "old_str": "t"}, "old_str is there 2 times (lines that may be meant: [2, 3])"),
        ({"command": "str_replace", "old_str": "one", "new_str": "x" * 2_000_000}, "at most"),
    ],
)
def test_the_editor_says_what_it_needs(file: Path, arguments: dict[str, Any], problem: str) -> None:
    assert problem in called(file_editor, **{"path": str(file), **arguments})
    assert file.read_text() == "one\ntwo\nthree\n"


def test_the_editor_reads_text_of_a_size_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xff")
    assert "is not UTF-8 text" in called(file_editor, command="view", path=str(tmp_path / "bytes"))
    (tmp_path / "large").write_bytes(b"a" * 2_000_000)
    assert "at most" in called(file_editor, command="view", path=str(tmp_path / "large"))
    edit = {"command": "insert", "insert_line": 0, "new_str": "x"}
    assert "can only be viewed" in called(file_editor, path=str(tmp_path), **edit)
    assert "there is nothing at" in called(file_editor, command="view", path=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"mode": "read", "name": "none"}, "there is no notebook 'none'; there are ['default']"),
        ({"mode": "read", "read_range": [1]}, "read_range takes two numbers"),
        ({"mode": "read", "read_range": [7, 9]}, "There are no such lines; it has 1."),
        ({"mode": "write"}, "to write takes new_str"),
        ({"mode": "write", "new_str": "x", "old_str": "y"}, "the text 'y' is not in the notebook"),
        ({"mode": "write", "new_str": "x", "insert_line": "y"}, "no line has the text 'y'"),
        ({"mode": "write", "new_str": "x", "insert_line": 9}, "insert_line is 9; there are 1 lines"),
        ({"mode": "create", "new_str": "x" * 200}, "longer than 100 bytes"),
    ],
)
def test_a_notebook_says_what_it_needs(arguments: dict[str, Any], problem: str) -> None:
    assert problem in called(make_notebook(max_notebook_size_bytes=100), **arguments)


def test_lines_are_inserted_after_a_number_a_text_or_the_last() -> None:
    agent = Agent(model=ScriptedModel([]), tools=[notebook], callback_handler=None)
    agent.tool.notebook(mode="create", new_str="one\ntwo")
    agent.tool.notebook(mode="write", new_str="three", insert_line=-1)
    agent.tool.notebook(mode="write", new_str="half", insert_line="one")
    agent.tool.notebook(mode="write", new_str="four", insert_line=5)
    agent.tool.notebook(mode="write", new_str="zero", insert_line=0)
    agent.tool.notebook(mode="write", new_str="TWO", old_str="two")
    told = agent.tool.notebook(mode="read", read_range=[2, -1])["content"][0]["text"]
    assert told == "2: one\n3: half\n4: TWO\n5: three\n6: four"


@pytest.mark.parametrize("size", [0, -1, True, 1.5])
def test_a_notebook_has_a_size(size: Any) -> None:
    with pytest.raises(ValueError, match="a name and a size above 0"):
        make_notebook(max_notebook_size_bytes=size)


@pytest.mark.parametrize(
    ("make", "settings", "problem"),
    [
        (make_sleep, {"max_duration": float("inf")}, "positive|above 0|finite"),
        (make_stop, {"max_message_length": 0}, "give a positive integer"),
        (make_python_repl, {"name": ""}, "name is empty"),
        (make_python_repl, {"language": "python; rm"}, "give the name or path of an interpreter"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(make: Any, settings: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        make(**settings)


@pytest.mark.parametrize(
    ("seconds", "problem"), [(float("nan"), "finite"), (-1, "non-negative"), (9, "exceeds maximum")]
)
def test_a_wait_that_cannot_be_is_refused(seconds: float, problem: str) -> None:
    assert problem in called(make_sleep(max_duration=5), duration=seconds)


def test_a_last_message_has_bounds() -> None:
    assert "message has 9 characters; at most 5" in called(make_stop(max_message_length=5), message="good bye!")


def test_headers_that_come_twice_stand_in_lines_and_an_unknown_charset_is_read_as_utf_8() -> None:
    def answer(request: Any) -> Answer:
        return 200, {"Content-Type": "text/plain; charset=none-such"}, "grüße".encode()

    with serving(answer) as server:
        agent = Agent(model=ScriptedModel([]), tools=[make_http_request()], callback_handler=None)
        (content,) = agent.tool.http_request(method="GET", url=server.url)["content"]
    assert "grüße" in str(content)


def test_an_error_of_the_server_is_told_with_its_status() -> None:
    with serving(lambda request: (503, {}, b"")) as server:
        assert "HTTP 503 Service Unavailable" in called(make_http_request(), method="GET", url=server.url)


BASH = """
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    from strands.vended_tools import bash, make_bash
    print(bash.tool_name, make_bash(name="run").tool_name)
print([str(each.message) for each in told])
try:
    from strands.vended_tools import zsh
except ImportError as error:
    print(error)
"""


def test_the_old_name_of_the_shell_goes_on_and_says_which_is_the_new_one() -> None:
    done = subprocess.run([sys.executable, "-c", BASH], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("bash run\n")
    assert "use shell instead" in done.stdout and "use make_shell instead" in done.stdout
    assert "cannot import name 'zsh'" in done.stdout
