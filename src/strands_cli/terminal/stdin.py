"""Reading an answer from what is not a terminal: a pipe, a file, a notebook's input box."""

from __future__ import annotations

import asyncio
import contextlib
import select
import sys
import threading
from collections.abc import Callable

_LOOK_EVERY = 0.2


async def read_line(label: str) -> str:
    """Read one line of standard input in a thread of its own, which ends when this is cancelled.

    Args:
        label: Shown by the input box of a notebook; a pipe or a file shows nothing.

    Returns:
        The line without its end.

    Raises:
        EOFError: There is no more input.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    stop = threading.Event()

    def settle(result: str | BaseException) -> None:
        if answer.done():
            return
        if isinstance(result, BaseException):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def work() -> None:
        result = _read(label, stop)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=work, name="strands-stdin", daemon=True).start()
    try:
        return await answer
    finally:
        stop.set()


def _read(label: str, stop: threading.Event) -> str | BaseException:
    try:
        wait = _waiter()
        if wait is None:
            return input(label)
        while not wait():
            if stop.is_set():
                return EOFError()
        line = sys.stdin.readline()
        return line.rstrip("\r\n") if line else EOFError()
    except (EOFError, OSError, ValueError, RuntimeError) as error:
        return error if isinstance(error, EOFError) else EOFError(str(error))


def _waiter() -> Callable[[], bool] | None:
    """Return a function that tells whether a line can be read now, or None where `input` must be used."""
    try:
        fd = sys.stdin.fileno()
    except (OSError, AttributeError, ValueError):
        return None
    if sys.platform == "win32":
        return None if sys.stdin.isatty() else lambda: True
    return lambda: bool(select.select([fd], [], [], _LOOK_EVERY)[0])
