"""The one connection of a client, however many threads, tasks and processes use it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from strands.types.exceptions import MCPClientInitializationError

from . import sdk
from .connection import Connection


class SharedConnection:
    """Opens the connection, and opens it anew once the server's side has ended.

    A forked child begins without one: the connection of its parent is served by a thread that the child has not got.

    Args:
        name: What the server is called in messages.
        transport: Makes the transport.
        options: Returns the keyword arguments of the SDK's session.
        seconds: How long connecting may take.
    """

    def __init__(
        self, name: str, transport: Callable[[], Any], options: Callable[[], dict[str, Any]], seconds: float
    ) -> None:
        self._name = name
        self._transport = transport
        self._options = options
        self._seconds = seconds
        self._connection: Connection | None = None
        self._mode: sdk.Mode | None = None  # how the server understood us last
        self._tool_use_guard = threading.RLock()
        self._process = os.getpid()

    @property
    def lock(self) -> Any:
        """The lock around it; in a forked child a new one, for nobody there will open the old one."""
        if self._process != os.getpid():
            self._process, self._tool_use_guard, self._connection = os.getpid(), threading.RLock(), None
        return self._tool_use_guard

    @property
    def current(self) -> Connection | None:
        """The connection, if there is one that calls can be made over."""
        known = self._connection
        return known if known is not None and known.is_open else None

    @property
    def was_made(self) -> bool:
        """Whether there is a connection, perhaps one whose server's side has ended."""
        return self._connection is not None and self._process == os.getpid()

    def check_begun(self, *, used: bool) -> None:
        """Do nothing if there may be a connection.

        Args:
            used: Whether somebody opened it or an agent has it.

        Raises:
            MCPClientInitializationError: It was never made.
        """
        if not used and not self.was_made:
            hint = "use `with client:` or give it to an agent's tools"
            raise MCPClientInitializationError(f"MCP server {self._name!r} is not connected; {hint}")

    def open(self) -> Connection:
        """Return the connection, made now if there is none that works.

        Raises:
            MCPClientInitializationError: The server cannot be reached or does not answer.
        """
        with self.lock:
            known = self.current
            if known is not None:
                return known
            if self._connection is not None:
                self._connection.close()
            connection = Connection(self._name, self._transport, self._options(), self._mode)
            self._connection = connection
            try:
                connection.open(self._seconds)
            except BaseException as error:
                self._connection = None
                self._mode = None if isinstance(error, MCPClientInitializationError) else self._mode
                raise
            self._mode = connection.mode
            return connection

    def older_protocol(self, connection: Connection) -> Connection:
        """Return a connection that begins with the handshake of older protocols, in place of `connection`."""
        with self.lock:
            if self._connection is connection:
                self._mode, self._connection = "legacy", None
                connection.retire()
            return self.open()

    def give_up(self) -> None:
        """End an attempt to connect in another thread, without waiting for it."""
        connection = self._connection
        if connection is not None:
            connection.abandon()

    def close(self) -> None:
        """Disconnect; harmless when it is not connected."""
        with self.lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()
