"""A proxy before PostgreSQL that drops the connection when a commit has come through, before its reply does."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class DroppingProxy:
    """Listens on a socket in `directory`, and goes on to the server's.

    Attributes:
        drops: How many commits are to lose their replies.
        dropped: How many have.
    """

    def __init__(self, directory: Path, server: Path) -> None:
        self.drops = self.dropped = 0
        self._server = str(server)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(directory / ".s.PGSQL.5432"))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                committing = threading.Event()
                threading.Thread(target=self._forth, args=(client, server, committing), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server, committing), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket, committing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while content := client.recv(65536):
                if b"COMMIT" in content and self.dropped < self.drops:
                    self.dropped += 1
                    committing.set()
                server.sendall(content)
            server.shutdown(socket.SHUT_WR)

    def _back(self, client: socket.socket, server: socket.socket, committing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while content := server.recv(65536):
                if committing.is_set():  # it has come through, and nobody is told
                    break
                client.sendall(content)
        for each in (client, server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
