"""The connection to one MCP server, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from strands.types.exceptions import MCPClientInitializationError

from .elicitation import Desk

if TYPE_CHECKING:
    from mcp import ClientSession

T = TypeVar("T")

GONE = "the connection to MCP server {name!r} is closed; use `with client:` or give the client to an agent's tools"


class Connection:
    """An open session with an MCP server. Made by `open_connection`.

    Args:
        name: What the server is called in messages.
        transport: Makes the transport.
        options: Keyword arguments of the SDK's `ClientSession`.
    """

    def __init__(self, name: str, transport: Callable[[], Any], options: dict[str, Any]) -> None:
        self.name = name
        self._transport = transport
        self._options = options
        self._ready: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._session: ClientSession | None = None
        self.desk = Desk()
        self._thread = threading.Thread(target=self._run, name=f"strands-mcp-{name}", daemon=True)

    def set_options(self, options: dict[str, Any]) -> None:
        """Set the keyword arguments of the session, before it is opened."""
        self._options = options

    def open(self, timeout: float) -> None:
        """Connect; wait at most `timeout` seconds.

        Raises:
            MCPClientInitializationError: It did not come about, and why.
        """
        self._thread.start()
        try:
            self._ready.result(timeout)
        except BaseException as error:
            self.close()
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
            why = f"no answer within {timeout} seconds" if isinstance(error, FutureTimeoutError) else _said(error)
            raise MCPClientInitializationError(f"could not connect to MCP server {self.name!r}: {why}") from error

    def close(self) -> None:
        """Disconnect; harmless when it is closed already."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._closing.set)
        if threading.current_thread() is not self._thread:
            self._thread.join(10)

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._session is not None

    def submit(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]]) -> Future[T]:
        """Run `work` with the session on the connection's loop.

        Raises:
            MCPClientInitializationError: The connection is closed.
        """
        session = self._session
        if session is None:
            raise MCPClientInitializationError(GONE.format(name=self.name))
        return asyncio.run_coroutine_threadsafe(self._unless_closed(work(session)), self._loop)

    async def _unless_closed(self, work: Coroutine[Any, Any, T]) -> T:
        """A call must not wait for a server that is gone."""
        task, closing = asyncio.ensure_future(work), asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({task, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ConnectionError(GONE.format(name=self.name))
            return task.result()
        finally:
            task.cancel()
            closing.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
        finally:
            self._session = None
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self) -> None:
        async with self._session_of_transport() as session:
            self._session = session
            self._ready.set_result(None)
            await self._closing.wait()
            self._session = None

    @contextlib.asynccontextmanager
    async def _session_of_transport(self) -> AsyncIterator[ClientSession]:
        from mcp import ClientSession

        serving = asyncio.current_task()
        closing = asyncio.ensure_future(self._closing.wait())
        closing.add_done_callback(lambda _: serving.cancel() if serving and not self._ready.done() else None)
        try:
            async with self._transport() as streams, ClientSession(streams[0], streams[1], **self._options) as session:
                await session.initialize()
                yield session
        finally:
            closing.cancel()


def read_timeout(seconds: float | None) -> Any:
    """Return a time limit in the form that the installed MCP SDK takes."""
    if seconds is None:
        return None
    from mcp import ClientSession

    annotation = str(inspect.signature(ClientSession.call_tool).parameters["read_timeout_seconds"].annotation)
    return timedelta(seconds=seconds) if "timedelta" in annotation else seconds


def page(method: Callable[..., Any], cursor: str | None) -> dict[str, Any]:
    """Return the arguments that ask `method` of the installed MCP SDK for the page at `cursor`."""
    if cursor is None:
        return {}
    if "params" not in inspect.signature(method).parameters:
        return {"cursor": cursor}
    from mcp.types import PaginatedRequestParams

    return {"params": PaginatedRequestParams(cursor=cursor)}


def _said(error: BaseException) -> str:
    """Return what an error says; of a group, what its first one says."""
    nested = getattr(error, "exceptions", None)
    return _said(nested[0]) if nested else f"{type(error).__name__}: {error}".rstrip(": ")
