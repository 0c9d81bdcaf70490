"""Processes of tools: ended after a time, and when the agent is cancelled."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from threading import Event
from typing import TypedDict

DEFAULT_TIMEOUT = 120.0
_MOST_TEXT = 100_000
_LOOK = 0.2  # seconds between two looks at the signal to stop


class Output(TypedDict):
    """What a process said and how it ended.

    Attributes:
        output: What it wrote to its standard output.
        error: What it wrote to its standard error.
        exit_code: 0 when all went well.
    """

    output: str
    error: str
    exit_code: int


def run(command: str | list[str], timeout: float, stop: Event | None) -> Output:
    """Run a command and return what it said.

    Args:
        command: A text for the shell, or a program and its arguments.
        timeout: Seconds it may take.
        stop: When set, the command is ended.

    Raises:
        ValueError: The time-out is not above 0.
        TimeoutError: It took longer, and was ended with all that it had started; says what there was until then.
        RuntimeError: It cannot be run, or was ended because of the signal.
    """
    if not timeout > 0:
        raise ValueError(f"timeout is {timeout}; give a number of seconds above 0")
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command,
            shell=isinstance(command, str),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except OSError as error:
        raise RuntimeError(f"the command cannot be run: {error.strerror}") from error
    with process:
        ended = _wait(process, time.monotonic() + timeout, stop)
        if ended is not None:
            return ended
        _end(process)
        said = _said(*process.communicate(), 124)
    if stop is not None and stop.is_set():
        raise RuntimeError("the command was ended because the agent was cancelled")
    raise TimeoutError(f"the command took longer than {timeout:g} s and was ended. Until then: {json.dumps(said)}")


def _wait(process: subprocess.Popen[bytes], deadline: float, stop: Event | None) -> Output | None:
    """Return what a process said, or None when its time is up or it is to stop."""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or (stop is not None and stop.is_set()):
            return None
        try:
            out, err = process.communicate(timeout=min(left, _LOOK))
        except subprocess.TimeoutExpired:
            continue
        return _said(out, err, process.returncode)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _said(out: bytes, err: bytes, code: int) -> Output:
    return {"output": _text(out), "error": _text(err), "exit_code": code}


def _text(data: bytes) -> str:
    text = data.decode("utf-8", errors="replace")
    if len(text) <= _MOST_TEXT:
        return text
    half = _MOST_TEXT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half:,} characters left out]\n{text[-half:]}"
