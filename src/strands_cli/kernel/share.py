"""A fair share of the event loop: many runs that are ready at once do not keep it from whoever else needs it."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import ClassVar
from weakref import WeakKeyDictionary, ref

from strands._threads import PromptFuture

SHARE_SECONDS = 0.01
"""How long runs keep an event loop busy, all together, before it looks around for others."""


class LoopShare:
    """How long the runs of one event loop have kept it busy in this round of it, and whose turn it is in the next."""

    __slots__ = ("_is_handing_on", "_loop", "_since", "_waiting")
    _all: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, LoopShare]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)
        self._since: float | None = None
        self._waiting: deque[PromptFuture] = deque()
        self._is_handing_on = False

    @classmethod
    def here(cls) -> LoopShare:
        """Return the one of the running event loop."""
        loop = asyncio.get_running_loop()
        found = cls._all.get(loop)
        if found is None:
            found = cls._all[loop] = LoopShare(loop)
        return found

    def is_used_up(self) -> bool:
        """Whether a run is to wait for its turn before it does more."""
        if self._waiting:
            return True
        if self._since is None:
            self._since = monotonic()
            self._call_soon(self._renew)
            return False
        return monotonic() - self._since > SHARE_SECONDS

    def turn(self) -> asyncio.Future[None]:
        """Return what a run waits for that gives way: those who came first go on first."""
        future = PromptFuture(loop=self._loop())
        self._waiting.append(future)
        if not self._is_handing_on:
            self._is_handing_on = True
            self._call_soon(self._hand_on)
        return future

    def _hand_on(self) -> None:
        """Let those who wait go on, one after another, until the share of this round is used up."""
        self._since = monotonic()
        try:
            while self._waiting and monotonic() - self._since <= SHARE_SECONDS:
                future = self._waiting.popleft()
                if not future.done():
                    future.settle(None, None)
        finally:
            self._is_handing_on = bool(self._waiting)
            self._call_soon(self._hand_on if self._waiting else self._renew)

    def _renew(self) -> None:
        if not self._is_handing_on:
            self._since = None

    def _call_soon(self, callback: object) -> None:
        loop = self._loop()
        if loop is not None:
            loop.call_soon(callback)  # type: ignore[arg-type]
