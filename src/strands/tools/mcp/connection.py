"""The connection to one MCP server, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, TypeVar

from strands.types.exceptions import MCPClientInitializationError

from . import sdk
from .elicitation import Desk

if TYPE_CHECKING:
    from mcp import ClientSession

T = TypeVar("T")

CLOSED = "the connection to MCP server {name!r} is closed; use `with client:` or give the client to an agent's tools"
LOST = "MCP server {name!r} ended the connection"


class ConnectionLost(ConnectionError):
    """The server's side ended while a call was under way: whether the call was carried out is not known."""


class Connection:
    """A session with an MCP server.

    Args:
        name: What the server is called in messages.
        transport: Makes the transport.
        options: Keyword arguments of the SDK's session.
        mode: How to greet first; None for all that the installed SDK has, one after the other.
    """

    def __init__(
        self, name: str, transport: Callable[[], Any], options: dict[str, Any], mode: sdk.Mode | None = None
    ) -> None:
        self.name = name
        self.mode = mode
        self.lost: bool = False
        self.desk: Desk = Desk()
        self._process = os.getpid()
        self._transport = transport
        self._options = options
        self._ready: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._session: ClientSession | None = None
        self._calls: set[asyncio.Future[Any]] = set()
        self._thread = threading.Thread(target=self._run, name=f"strands-mcp-{name}", daemon=True)

    def open(self, timeout: float) -> None:
        """Connect; wait at most `timeout` seconds.

        Raises:
            MCPClientInitializationError: It did not come about, and why.
        """
        self._deadline = time.monotonic() + timeout
        self._thread.start()
        try:
            self._ready.result(timeout)
        except BaseException as error:
            self.close()
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
            why = f"no answer within {timeout:g} seconds" if isinstance(error, FutureTimeoutError) else sdk.said(error)
            raise MCPClientInitializationError(f"could not connect to MCP server {self.name!r}: {why}") from error

    def close(self) -> None:
        """Disconnect; harmless when it is closed already. A forked child leaves its parent's connection alone."""
        if os.getpid() != self._process or self._loop is None or self._loop.is_closed():
            return
        self.abandon()
        if threading.current_thread() is not self._thread:
            self._thread.join(10)

    def abandon(self) -> None:
        """Give up connecting, or close, without waiting for it."""
        if os.getpid() == self._process and self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end)

    def retire(self) -> None:
        """Close once the calls that are under way have ended."""

        async def retired() -> None:
            if self._calls:
                await asyncio.wait(self._calls)
            self._end()

        if self._loop is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(retired(), self._loop)

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._session is not None and not self.lost and os.getpid() == self._process

    def submit(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]]) -> Future[T]:
        """Run `work` with the session on the connection's loop.

        Raises:
            MCPClientInitializationError: The connection is closed.
        """
        session, loop = self._session, self._loop
        if session is None or loop is None or os.getpid() != self._process:
            raise MCPClientInitializationError(CLOSED.format(name=self.name))
        return asyncio.run_coroutine_threadsafe(self._unless_closed(work, session), loop)

    async def _unless_closed(
        self, work: Callable[[ClientSession], Coroutine[Any, Any, T]], session: ClientSession
    ) -> T:
        """A call must not wait for a server that is gone."""
        assert self._closing is not None
        if self._closing.is_set():
            raise MCPClientInitializationError(CLOSED.format(name=self.name))
        task, closing = asyncio.ensure_future(work(session)), asyncio.ensure_future(self._closing.wait())
        own = asyncio.ensure_future(_first(task, closing))
        self._calls.add(own)
        try:
            await asyncio.shield(own)
            if not task.done():
                raise ConnectionLost(LOST.format(name=self.name))
            return task.result()
        except Exception as error:
            # The next call begins a new session.
            self.lost = self.lost or sdk.is_session_gone(error) or sdk.is_broken_off(error)
            raise
        finally:
            task.cancel()
            closing.cancel()
            own.cancel()
            self._calls.discard(own)

    # In the connection's thread

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._served())
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
        finally:
            self._session = None
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _served(self) -> None:
        self._closing = asyncio.Event()
        try:
            await self._greet()
        finally:
            self._session = None
            self._closing.set()
            if self._calls:
                await asyncio.wait(self._calls)
            await asyncio.sleep(0)  # whoever waits for a call learns of its end before the loop is closed

    async def _greet(self) -> None:
        """Greet the server in each way until it understands one; an older one may take the newest way amiss."""
        ways = (self.mode,) if self.mode is not None else sdk.modes()
        for number, mode in enumerate(ways):
            last = number == len(ways) - 1
            left = self._deadline - time.monotonic()
            try:
                await self._serve(mode, left if last else left / 2)
                return
            except Exception:
                if last or self._ready.done() or self._ending():
                    raise

    async def _serve(self, mode: sdk.Mode, seconds: float) -> None:
        """Serve in a task of its own: one that was cancelled because it was late leaves nothing behind in this one."""
        assert self._closing is not None
        greeted = asyncio.Event()
        serving = asyncio.ensure_future(self._session_until_closing(mode, greeted))
        others = [asyncio.ensure_future(event.wait()) for event in (greeted, self._closing)]
        try:
            await asyncio.wait({serving, *others}, timeout=max(seconds, 0.0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in others:
                each.cancel()
        if not greeted.is_set() and not serving.done():
            serving.cancel()
            await asyncio.wait({serving})
            raise asyncio.TimeoutError(f"no answer to a greeting ({mode})")
        await serving

    async def _session_until_closing(self, mode: sdk.Mode, greeted: asyncio.Event) -> None:
        assert self._closing is not None
        async with sdk.session_over(self._transport, self._options, mode, self._server_ended) as session:
            self.mode = mode
            self._session = session
            self._ready.set_result(None)
            greeted.set()
            await self._closing.wait()

    def _server_ended(self) -> None:
        """Note that nothing will come from the server any more."""
        if self._ready.done():
            self.lost = True
            self._end()

    def _end(self) -> None:
        if self._closing is not None:
            self._closing.set()

    def _ending(self) -> bool:
        return self._closing is not None and self._closing.is_set()


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
