"""Network clients: imported on first use, one for each event loop, closed with it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, TypeVar

C = TypeVar("C")

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 300.0


def require(module: str, extra: str, user: str) -> ModuleType:
    """Import the package behind a provider.

    Args:
        module: The module to import.
        extra: The extra of this distribution that brings it; "" when it is a dependency.
        user: The class that needs it.

    Raises:
        ImportError: It is not installed; the message says what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        wanted = f"strands-cli[{extra}]" if extra else "strands-cli"
        package = module.partition(".")[0]
        if not (error.name or "").startswith(package):
            raise
        raise ImportError(f"{user} needs the package {module!r}: pip install '{wanted}'", name=module) from error


class Clients(Generic[C]):
    """Opens a client for each event loop that asks and closes it when that loop shuts down.

    A loop shuts down the asynchronous generators that were started in it, so a generator owns each client: connections
    are never left to the garbage collector, also when every call of an agent runs in an event loop of its own.

    Args:
        open_client: Makes a client; it runs in a thread, because importing a provider's package takes a while.
        close_client: Closes one.
        given: A client that the user brought: it serves every loop and stays open.
    """

    def __init__(
        self,
        open_client: Callable[[], C],
        close_client: Callable[[C], Awaitable[Any]],
        given: C | None = None,
    ) -> None:
        self._open_client = open_client
        self._close_client = close_client
        self._given = given
        self._open: dict[asyncio.AbstractEventLoop, _Owned[C]] = {}
        self._opening: dict[asyncio.AbstractEventLoop, asyncio.Task[C]] = {}

    async def get(self) -> C:
        """Return the running loop's client."""
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        held = self._open.get(loop)
        if held is not None:
            return held.client
        task = self._opening.get(loop)
        if task is None:
            task = self._opening[loop] = loop.create_task(self._start(loop))
        return await asyncio.shield(task)

    async def _start(self, loop: asyncio.AbstractEventLoop) -> C:
        for gone in [each for each in self._open if each.is_closed()]:
            del self._open[gone]
        try:
            opened = await asyncio.to_thread(self._open_client)
            owned = _Owned(await self._enter(opened), self._close_client)
            await owned.until_loop_ends.__anext__()
            # The finalizer holds the client, so that connections are closed before they are collected.
            owned.forgotten = weakref.finalize(self, _close_soon, loop, owned)
            owned.forgotten.atexit = False
            self._open[loop] = owned
        finally:
            del self._opening[loop]
        return owned.client

    async def _enter(self, opened: C) -> C:
        """Return the client that serves requests, of one that was opened."""
        return opened

    async def aclose(self) -> None:
        """Close every client that was opened here."""
        here = asyncio.get_running_loop()
        while self._open:
            loop, owned = self._open.popitem()
            if loop is here:
                await owned.close_early()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(owned.close_early(), loop))
            else:
                _close_soon(loop, owned)


class _Owned(Generic[C]):
    """A client that is closed once: by its user, by the loop that ends, or when it is forgotten; in any order."""

    def __init__(self, client: C, close: Callable[[C], Awaitable[Any]]) -> None:
        self.client = client
        self.until_loop_ends = self._until_loop_ends()
        self.forgotten: weakref.finalize[..., Any] | None = None
        self._close_client = close
        self._closing: asyncio.Future[Any] | None = None
        self._early: asyncio.Task[None] | None = None

    async def close_early(self) -> None:
        """Close the client before its loop ends."""
        await self._close()
        with suppress(RuntimeError):
            await self.until_loop_ends.aclose()

    def close_soon(self) -> None:
        """Close the client as soon as its loop gets to it."""
        self._early = asyncio.ensure_future(self.close_early())

    async def _until_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self._close()

    async def _close(self) -> None:
        if self.forgotten is not None:
            self.forgotten.detach()
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close_client(self.client))
        await asyncio.shield(self._closing)


def _close_soon(loop: asyncio.AbstractEventLoop, owned: _Owned[Any]) -> None:
    # A loop that is closed has closed its clients.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(owned.close_soon)
