"""A worker as a process: its lines, and what signals do to it."""

from __future__ import annotations

import asyncio
import atexit
import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from strands_cli.cli.errors import say, terminate_softly
from strands_cli.cli.phrases import count, seconds
from strands_cli.cli.running import leave
from strands_cli.errors import OK

if TYPE_CHECKING:
    from strands_cli.worker.segments import Tell
    from strands_cli.worker.worker import Worker


_drained: list[int] = []


def serve(make: Callable[[], Worker]) -> int:
    """Run a worker until a signal lets it drain; a second signal ends the process at once.

    Returns:
        The exit code: it has drained.
    """
    received: list[int] = []

    async def run() -> None:
        worker = make()
        loop = asyncio.get_running_loop()

        def catch(number: int, _: object) -> None:
            if received:
                leave(128 + number)
            received.append(number)
            loop.call_soon_threadsafe(worker.drain)

        for each in (signal.SIGTERM, signal.SIGINT):
            with suppress(ValueError):  # not the main thread's
                signal.signal(each, catch)
        await worker.run()

    try:
        asyncio.run(run())
    finally:
        if not received:  # else the process ends, and a second signal may still come
            with suppress(ValueError):
                signal.signal(signal.SIGINT, signal.default_int_handler)
                terminate_softly()
    _drained.append(OK)
    return OK


def end_before_the_interpreter() -> None:
    """Let the process end, once it has drained, when what was imported after this call has been told that it ends.

    Threads of Temporal's library may break the end of the interpreter: the process would end as if it had crashed.
    """
    atexit.register(lambda: leave(OK) if _drained and "temporalio" in sys.modules else None)


def output(as_json: bool) -> Tell:
    """Return what says a worker's events: as lines for people on standard error, or as JSON on standard output."""
    return _tell_json if as_json else _tell


def _tell_json(event: str, session_id: str = "", /, **more: object) -> None:
    told = {"at": round(time.time(), 3), "event": event, **({"session": session_id} if session_id else {}), **more}
    sys.stdout.write(json.dumps(told, default=str) + "\n")
    sys.stdout.flush()


def _tell(event: str, session_id: str = "", /, **more: object) -> None:
    clock = time.strftime("%H:%M:%S")
    if not session_id:
        say(f"{clock} {_sentence(event, more)}")
        return
    if event == "driving":
        return
    lasted = more.get("seconds")
    rest = f" after {seconds(lasted)}" if isinstance(lasted, float) else ""
    reason = f": {more['reason']}" if "reason" in more else ""
    say(f"{clock} {session_id} {event}{rest}{reason}")


def _sentence(event: str, more: dict[str, object]) -> str:
    if event == "ready":
        names = more["workflows"]
        listed = ", ".join(map(str, names)) if isinstance(names, list) else ""
        return f"Ready: {count(int(str(more['slots'])), 'slot')} for {listed}."
    if event == "draining":
        at_work = int(str(more["at_work"]))
        if not at_work:
            return "Draining: nothing is at work."
        return f"Draining: {count(at_work, 'session')} at work, {more['grace']:g} s at most; again to end at once."
    return "Drained."
