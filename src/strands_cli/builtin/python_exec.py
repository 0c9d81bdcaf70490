"""python_exec: code in a process of its own, with little time, little memory, no network and one directory.

The limits keep mistakes small. They are not a wall against code that sets out to break them: hence the tool is there
only where a spec declares it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from strands import tool
from strands_cli.builtin import Place

SECONDS = 30
MEMORY = 1 << 30
FILE = 10_000_000
MOST_TEXT = 30_000


def make(name: str, place: Place) -> Any:
    """Return the tool."""
    return tool(name=name)(python_exec)


def python_exec(code: str, timeout: int = 10) -> str:
    """Run Python code and return what it prints, and the value of its last line.

    It runs in a fresh process without network, in an empty directory that is removed afterwards. Print what you need.

    Args:
        code: The code.
        timeout: Seconds it may take.
    """
    seconds = min(max(timeout, 1), SECONDS)
    with tempfile.TemporaryDirectory(prefix="strands-python-") as folder:
        work = Path(folder, "work")
        work.mkdir()
        output = Path(folder, "output")
        with output.open("wb") as sink:
            status = _run(code, seconds, work, sink)
        with output.open("rb") as file:
            text = file.read(MOST_TEXT * 4).decode("utf-8", "replace")
    text = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n[cut off after {MOST_TEXT:,} characters]"
    if status is None:
        raise TimeoutError(f"the code took longer than {seconds} s and was stopped\n{text}".rstrip())
    if status != 0:
        ending = f"signal {-status} (out of time or memory)" if status < 0 else f"exit code {status}"
        raise RuntimeError(f"the code failed with {ending}\n{text}".rstrip())
    return text.rstrip("\n") or "[no output]"


def _run(code: str, seconds: int, work: Path, output: Any) -> int | None:
    """Run the code and return its exit code; None when it took too long."""
    limits = {"seconds": seconds, "memory": MEMORY, "file": FILE}
    child = Path(__file__).with_name("python_child.py")
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", str(child), json.dumps(limits)],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=work,
        env=_environment(work),
        start_new_session=True,
        close_fds=True,
    )
    try:
        process.communicate(code.encode("utf-8", "surrogatepass"), timeout=seconds)
        return process.returncode
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)


def _environment(work: Path) -> dict[str, str]:
    """Nothing of ours goes along: keys and tokens live in the environment."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LANG", "TZ") if name in os.environ}
    return {**kept, "HOME": str(work), "TMPDIR": str(work), "PYTHONDONTWRITEBYTECODE": "1"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
