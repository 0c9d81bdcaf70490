"""python_exec: code in a process of its own, with little time, little memory, no network and one directory.

What isolates it: the kernel (Landlock for files, seccomp for processes, programs, sockets and signals, no privileges),
limits of processor time, memory and file sizes, and an audit hook that says in Python's words what is refused. What
does not: nothing hides how much time it takes or which files exist elsewhere, the code may read Python's own libraries,
and the kernel is the wall.
Where the kernel has neither (macOS, Windows, old Linux), it runs only with `isolation: none` in the spec: then code
that sets out to break the limits can.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess

SECONDS = 30
MEMORY = 1 << 30
FILE = 10_000_000
DISK = 200_000_000
FILES = 20_000
MOST_TEXT = 30_000
READY = "ready"
_LOOK = 0.2


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool."""
    if place.isolated:
        return tool(name=name)(python_exec)
    return tool(name=name, description=f"{_SAYS} {_LOOSE}")(_unconfined)


_SAYS = "Run Python code and return what it prints, and the value of its last line."
_LOOSE = "It runs in a process of its own, in an empty directory that is removed afterwards. Print what you need."


def python_exec(code: str, timeout: int = 10) -> str:
    """Run Python code and return what it prints, and the value of its last line.

    It runs in a process of its own that has no network, starts no other, and reads and writes only an empty directory
    that is removed afterwards. Print what you need.

    Args:
        code: The code.
        timeout: Seconds it may take.
    """
    return _executed(code, timeout, isolated=True)


def _unconfined(code: str, timeout: int = 10) -> str:
    """Run Python code.

    Args:
        code: The code.
        timeout: Seconds it may take.
    """
    return _executed(code, timeout, isolated=False)


def _executed(code: str, timeout: int, *, isolated: bool) -> str:
    seconds = min(max(timeout, 1), SECONDS)
    with tempfile.TemporaryDirectory(prefix="strands-python-") as folder:
        work = Path(folder, "work")
        work.mkdir()
        output = Path(folder, "output")
        with output.open("wb") as sink:
            status, ready = _run(code, seconds, work, sink, isolated)
        with output.open("rb") as file:
            text = file.read(MOST_TEXT * 4).decode("utf-8", "replace")
    if ready != READY:
        raise RuntimeError(f"the code was not run: this machine cannot isolate it ({ready or text.strip()}). {_REMEDY}")
    text = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n[cut off after {MOST_TEXT:,} characters]"
    if status is None:
        raise TimeoutError(f"the code took longer than {seconds} s and was stopped\n{text}".rstrip())
    if status != 0:
        ending = f"signal {-status} (out of time or memory)" if status < 0 else f"exit code {status}"
        raise RuntimeError(f"the code failed with {ending}\n{text}".rstrip())
    return text.rstrip("\n") or "[no output]"


_REMEDY = (
    "Without isolation it runs where the spec says so: tools: {python: [{callable: python_exec, isolation: none}]}."
)


def _run(code: str, seconds: int, work: Path, output: Any, isolated: bool) -> tuple[int | None, str]:
    """Run the code; return its exit code, None when it took too long, and what the process said of its isolation."""
    told = work.with_name("isolation")
    told.touch()
    limits = {
        "seconds": seconds,
        "memory": MEMORY,
        "file": FILE,
        "isolated": isolated,
        "told": str(told),
        "parent": os.getpid(),
    }
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
        status = _waited(process, code.encode("utf-8", "surrogatepass"), seconds, work)
    finally:
        _end(process)
    return status, told.read_text(encoding="utf-8")


def _waited(process: subprocess.Popen[bytes], code: bytes, seconds: int, work: Path) -> int | None:
    """Return the exit code, or None when it took too long; what fills the disk is ended at once.

    Raises:
        RuntimeError: It wrote more than it may.
    """
    until, more = time.monotonic() + seconds, code or None
    while True:
        try:
            process.communicate(more, timeout=max(min(until - time.monotonic(), _LOOK), 0.01))
            return process.returncode
        except subprocess.TimeoutExpired:
            more = None
        if _is_full(work):
            raise RuntimeError(
                f"the code was stopped: it wrote more than {DISK // 10**6} MB, or more than {FILES:,} files"
            )
        if time.monotonic() >= until:
            return None


def _is_full(work: Path) -> bool:
    """Whether there is more below a directory than the code may leave there; it may change while it is looked at."""
    size, files = 0, 0
    for folder, folders, names in os.walk(work):
        files += len(folders) + len(names)
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(folder, name)).st_size
        if size > DISK or files > FILES:
            return True
    return False


def _environment(work: Path) -> dict[str, str]:
    """Nothing of ours goes along: keys and tokens live in the environment."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LANG", "TZ") if name in os.environ}
    return {**kept, "HOME": str(work), "TMPDIR": str(work), "PYTHONDONTWRITEBYTECODE": "1"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:  # pragma: no cover - Windows alone
        process.kill()
    process.wait()
