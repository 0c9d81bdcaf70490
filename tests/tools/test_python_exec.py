"""python_exec: little time, little memory, no network, no files elsewhere, nothing of our environment."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.builtin.python_exec import python_exec
from strands_cli.schema.validator import SchemaValidationError
from support.console import until
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


CONFINES = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="Linux confines processes"
)
ALLOWED = {"thread", *(f"{what} inside" for what in ("write", "read", "make a directory", "rename", "remove"))}


@CONFINES
def test_the_kernel_confines_the_process_whatever_its_code_does(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (tmp_path / "own").mkdir()
    worker = Path(__file__).parents[1] / "support" / "confined_worker.py"
    before = outside.stat()
    command = [sys.executable, "-I", str(worker), str(tmp_path / "own")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert {name for name, how in found.items() if how == "done"} == ALLOWED
    after = outside.stat()
    assert (outside.read_text(), after.st_mode, after.st_mtime, after.st_uid) == (
        *("kept", before.st_mode, before.st_mtime, before.st_uid),
    )


@CONFINES
def test_no_process_is_left_when_ours_is_killed(tmp_path: Path) -> None:
    code = "from strands_cli.builtin.python_exec import python_exec; python_exec('while True: pass', 30)"
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    ours = subprocess.Popen([sys.executable, "-c", code], env=env)
    try:
        until(lambda: running(tmp_path) == 1)
    finally:
        ours.kill()
        ours.wait()
    until(lambda: running(tmp_path) == 0)


def running(folder: Path) -> int:
    """Return how many processes were started to work below a directory."""
    found = 0
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += f"{folder}/strands-python-".encode() in each.read_bytes()
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="imitates an old kernel of it")
@pytest.mark.parametrize("isolation", ["kernel", "none"])
def test_where_the_kernel_cannot_confine_it_runs_only_when_the_spec_says_so(isolation: str) -> None:
    code = f"""
from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.session.memory import MemorySessionRepository
spec = {solo(tools={"python": [{"callable": "python_exec", "isolation": isolation}]})!r}
model = ScriptedModel([ToolCall("python_exec", {{"code": "6 * 7"}}), "done"])
Workflow.from_dict(spec, model=model, repository=MemorySessionRepository()).run()
print(model.requests[-1].messages[-1]["content"])
"""
    script = Path(__file__).parents[1] / "support" / "old_kernel.py"
    done = subprocess.run([sys.executable, str(script), code], capture_output=True, text=True, timeout=60, check=True)
    if isolation == "none":
        assert "42" in done.stdout
    else:
        assert "42" not in done.stdout
        assert "cannot isolate it (Landlock: Function not implemented)" in done.stdout
        assert "isolation: none" in done.stdout


def test_isolation_is_for_python_exec_alone() -> None:
    with pytest.raises(SchemaValidationError, match="python_exec alone"):
        Workflow.from_dict(solo(tools={"python": [{"callable": "json:loads", "isolation": "none"}]}))


def test_a_model_is_told_what_isolates_the_code() -> None:
    def told(**declared: Any) -> str:
        model = ScriptedModel(["done"])
        Workflow.from_dict(solo(tools={"python": [{"callable": "python_exec", **declared}]}), model=model).run()
        return str(model.requests[0].tool_specs[0]["description"])

    assert "no network" in told()
    assert "no network" not in told(isolation="none")


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


def test_it_is_there_where_an_agent_lists_it_and_nowhere_else() -> None:
    assert "42" in run(solo(agent={"tools": ["python_exec"]}))
    assert "42" not in run(solo())


def test_guardrails_can_allow_it_and_forbid_it() -> None:
    allowed = {"guardrails": {"allow_tools": ["python_exec"]}}
    assert "42" in run(solo(agent={"tools": ["python_exec"]}, security=allowed))
    forbidden = {"guardrails": {"allow_tools": ["calculator"]}}
    assert "not allowed" in run(solo(tools={"python": ["python_exec", "calculator"]}, security=forbidden))


def test_what_fills_the_disk_is_stopped() -> None:
    fill = "for n in range(10**6):\n    with open(str(n), 'wb') as f: f.write(b'x' * 9_000_000)"
    with pytest.raises(RuntimeError, match="it wrote more than 200 MB"):
        python_exec(fill, timeout=30)
