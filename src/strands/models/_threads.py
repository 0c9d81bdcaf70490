"""A blocking stream, read in a thread of its own and handed on to the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_LOOK_EVERY = 0.05  # seconds between two looks at a signal while nothing comes


async def in_thread(
    read: Callable[[], Iterator[T]], stop: Callable[[], None], signal: threading.Event | None = None
) -> AsyncGenerator[T, None]:
    """Yield what `read` yields without blocking the event loop.

    Args:
        read: Runs in a thread; what it raises is raised here.
        stop: Called from the event loop when nobody reads on: makes a blocked `read` end.
        signal: Ends the stream when it is set, also while nothing comes.

    The thread is a daemon: one that cannot be stopped holds neither the event loop nor the process.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    abandoned = threading.Event()

    def put(kind: str, value: Any = None) -> None:
        try:
            loop.call_soon_threadsafe(queue.put_nowait, (kind, value))
        except RuntimeError:
            abandoned.set()

    def run() -> None:
        try:
            for item in read():
                if abandoned.is_set() or (signal is not None and signal.is_set()):
                    return put("end")
                put("item", item)
            put("end")
        except BaseException as error:
            put("error", error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="strands-model-stream", daemon=True).start()
    ended = False
    try:
        while True:
            kind, value = await (queue.get() if signal is None else _before(signal, queue))
            if kind == "item":
                yield value
                continue
            if kind == "signal":
                return
            ended = True
            if kind == "error":
                raise value
            return
    finally:
        if not ended:
            abandoned.set()
            stop()


async def _before(signal: threading.Event, queue: asyncio.Queue[tuple[str, Any]]) -> tuple[str, Any]:
    """Return the next item of a queue, or what says that the signal was set before it came."""
    while not signal.is_set():
        try:
            return await asyncio.wait_for(queue.get(), _LOOK_EVERY)
        except asyncio.TimeoutError:
            continue
    return "signal", None
