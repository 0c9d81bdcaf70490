"""python_exec: little time, little memory, no network, no files elsewhere, nothing of our environment."""

from __future__ import annotations

import time
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.builtin.python_exec import python_exec
from strands_cli.errors import ExecutionError
from support.specs import solo


def test_it_prints_and_returns_the_last_value() -> None:
    assert python_exec("import math\nprint('hi')\nmath.factorial(15)") == "hi\n1307674368000"


def test_files_are_its_own() -> None:
    assert python_exec("open('x', 'w').write('a')\nimport os\nprint(os.listdir())") == "['x']"


def test_nothing_of_the_environment_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    assert "canary" not in python_exec("import os\nprint(dict(os.environ))")


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import urllib.request; urllib.request.urlopen('http://example.com')",
        "import subprocess; subprocess.run(['id'])",
        "import os; os.system('id')",
        "import os; os.fork()",
        "import os; os.kill(os.getppid(), 9)",
        "open('/etc/passwd').read()",
        "open('../escape', 'w')",
        "import os; os.listdir('/')",
        "import os; os.symlink('/etc', 'x'); open('x/passwd')",
        "import shutil; shutil.rmtree('/tmp/nothing')",
        "import ctypes",
        "x = [0] * 10**9",
        "raise SystemExit(3)",
        "1 / 0",
    ],
)
def test_what_it_must_not_do_fails(code: str) -> None:
    with pytest.raises(RuntimeError):
        python_exec(code)


def test_time_is_limited() -> None:
    started = time.monotonic()
    with pytest.raises((TimeoutError, RuntimeError)):
        python_exec("while True: pass", timeout=1)
    assert time.monotonic() - started < 10


def run(spec: dict[str, Any]) -> str:
    model = ScriptedModel([ToolCall("python_exec", {"code": "6 * 7"}), "done"])
    Workflow.from_dict(spec, model=model).run()
    return str(model.requests[-1].messages[-1]["content"])


def test_it_is_there_where_the_spec_declares_it() -> None:
    assert "42" in run(solo(tools={"python": ["python_exec"]}))


def test_it_is_off_where_an_agent_merely_lists_it() -> None:
    with pytest.raises(ExecutionError, match="python_exec"):
        run(solo(agent={"tools": ["python_exec"]}))


def test_guardrails_can_allow_it_and_forbid_it() -> None:
    allowed = {"security": {"guardrails": {"allow_tools": ["python_exec"]}}}
    assert "42" in run(solo(agent={"tools": ["python_exec"]}, **allowed))
    forbidden = {"security": {"guardrails": {"allow_tools": ["calculator"]}}}
    assert "not allowed" in run(solo(tools={"python": ["python_exec", "calculator"]}, **forbidden))
