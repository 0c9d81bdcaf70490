"""What a caller decides from outside of a call: to cancel it, or that another call of the same token is this one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import IdempotencyAbortedError

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.agent.result import AgentResult

LOOK_SECONDS = 0.05
"""How often a caller's cancel signal is looked at: an event of threads wakes no event loop."""


@contextlib.asynccontextmanager
async def cancelled_by(agent: Host, signal: threading.Event | None) -> AsyncIterator[None]:
    """Cancel the agent's call while the block runs once `signal` is set; the signal itself is left as it is."""
    if signal is None:
        yield
        return
    if signal.is_set():
        agent.cancel()
    agent.cancellation.linked = signal  # seen wherever the agent looks whether to go on
    watcher = asyncio.ensure_future(_watch(agent, signal))
    try:
        yield
    finally:
        watcher.cancel()
        agent.cancellation.linked = None


async def _watch(agent: Host, signal: threading.Event) -> None:
    while not signal.is_set():  # noqa: ASYNC110 - it is an event of threads
        await asyncio.sleep(LOOK_SECONDS)
    agent.cancel()


class Tokens:
    """The calls of one agent that are under way with an idempotency token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[tuple[Any, _Call]] = []

    async def once(self, token: Any, call: Callable[[], Awaitable[AgentResult]]) -> AgentResult:
        """Return the result of the call of this token that is under way, or make it.

        Args:
            token: Anything that can be compared with `==`.
            call: Makes the call.

        Raises:
            IdempotencyAbortedError: The call that this one waited for came to no result.
        """
        own = _Call()
        with self._lock:
            known = next((each for other, each in self._calls if other == token), None)
            if known is None:
                self._calls.append((token, own))
        if known is not None:
            return await known.outcome()
        try:
            own.result = await call()
            return own.result
        except Exception as error:
            own.error = error
            raise
        finally:
            with self._lock:
                self._calls = [each for each in self._calls if each[1] is not own]
            own.ended.set()


def tokens_of(agent: Host) -> Tokens:
    """Return the tokens of an agent's calls; made with the first one, for few agents have any."""
    found: Tokens = agent.__dict__.setdefault("_tokens", Tokens())
    return found


class _Call:
    """One call under way, and what it came to; others may wait for it in other threads and event loops."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.result: AgentResult | None = None
        self.error: Exception | None = None

    async def outcome(self) -> AgentResult:
        while not self.ended.is_set():  # noqa: ASYNC110 - it may be set in another thread
            await asyncio.sleep(LOOK_SECONDS)
        if self.error is not None:
            raise self.error
        if self.result is None:
            raise IdempotencyAbortedError("the call with the same idempotency token was ended before it had a result")
        return self.result
