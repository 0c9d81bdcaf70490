"""The background: one event loop of this process in which sessions go on that nobody waits for."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 1.0
"""Seconds that a process which ends gives sessions to leave what is on record as it is."""


class Background:
    """An event loop in a thread of its own. What belongs to a loop, as clients of models do, is made once for all."""

    _of_process: Background | None = None
    _lock = threading.Lock()

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="strands-background", daemon=True)
        self._thread.start()

    @classmethod
    def here(cls) -> Background:
        """Return that of this process; a child that was forked gets one of its own."""
        with cls._lock:
            if cls._of_process is None or cls._of_process._pid != os.getpid():
                cls._of_process = cls()
                atexit.register(cls._of_process.end)
            return cls._of_process

    def begin(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Have a coroutine run, and return what tells when it has ended."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def end(self) -> None:
        """Cancel what runs, close what belongs to the loop, and end the thread."""
        if self._pid != os.getpid() or not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop)
        self._thread.join(_PATIENCE)

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        self._loop.stop()
