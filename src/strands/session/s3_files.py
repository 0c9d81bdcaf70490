"""The objects of an agent in the layout that other programs read: `agent.json` and `messages/message_<n>.json`."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from strands.types.session import SessionAgent, SessionMessage

from . import shapes
from .json_text import from_json, to_json
from .s3_store import Listed, S3Store

logger: logging.Logger = logging.getLogger(__name__)

_MESSAGE = re.compile(r"messages/message_(0|[1-9][0-9]*)\.json")
_Stored = TypeVar("_Stored")


class S3Files:
    """The objects below `prefix`, which are written from the journal there.

    Args:
        store: The bucket.
        prefix: What their keys begin with.

    Attributes:
        expected: Key to the version that an object should have; what another program has written is kept beside it.
    """

    def __init__(self, store: S3Store, prefix: str) -> None:
        self.expected: dict[str, str] = {}
        self._store = store
        self._prefix = prefix
        self._dirty: dict[str, bytes] = {}
        self._writing = threading.Lock()

    @property
    def dirty_files(self) -> int:
        """How many objects are not written yet."""
        return len(self._dirty)

    def forked(self) -> None:
        """This is a copy in a forked child: what is not written yet is the parent's to write."""
        self._writing = threading.Lock()
        self._dirty = {}

    def put(self, key: str, content: bytes) -> None:
        """Let an object have this content once `write` is called."""
        self._dirty[key] = content

    def remove(self, key: str) -> None:
        """Remove an object."""
        with self._writing:
            self._dirty.pop(key, None)
            self._store.delete([key])

    def write(self, is_newest: Callable[[], bool]) -> None:
        """Write what is not written yet, all of it at the same time.

        Args:
            is_newest: Whether nobody has gone on from the journal; else that one writes them.

        Raises:
            SessionException: The service refuses; the next call tries again.
        """
        with self._writing:
            if not is_newest():
                self._dirty.clear()
            items = list(self._dirty.items())
            self._store.all(lambda item: self._write(*item), items)
            for key, content in items:
                if self._dirty.get(key) is content:
                    del self._dirty[key]

    def _write(self, key: str, content: bytes) -> None:
        expected = self.expected.get(key)
        if expected is None:
            self._store.write_bytes(key, content)
        elif self._store.put(key, content, expected) is None:
            there = self._store.fetch(key)
            if there is not None and there.content != content:
                kept = self._store.copy_aside(key)
                logger.warning("%r was changed by another program meanwhile; its version is kept as %r", key, kept)
            self._store.write_bytes(key, content)


class S3AgentFiles(S3Files):
    """The objects of an agent below `prefix`, which is `[<prefix>/]session_<id>/agents/agent_<id>/`.

    Attributes:
        agent_key: Where the agent's state is kept.
    """

    def __init__(self, store: S3Store, prefix: str) -> None:
        super().__init__(store, prefix)
        self.agent_key: str = f"{prefix}agent.json"

    def message_key(self, message_id: int) -> str:
        """Return where a message is kept."""
        return f"{self._prefix}messages/message_{message_id}.json"

    def check(self) -> None:
        """Who may write to a bucket is the bucket's affair."""

    def has_message(self, message_id: int) -> bool:
        """Return whether a message's object is there."""
        return self._store.exists(self.message_key(message_id))

    def put_message(self, stored: SessionMessage, content: bytes) -> None:
        """Let a message's object have this content once `write` is called."""
        self.put(self.message_key(stored.message_id), content)

    def put_agent(self, content: bytes) -> None:
        """Let the agent's object have this content once `write` is called."""
        self.put(self.agent_key, content)

    def remove_message(self, message_id: int) -> None:
        """Remove a message's object."""
        self.remove(self.message_key(message_id))

    def sizes(self, listing: Iterable[Listed]) -> dict[int, int]:
        """Return the size in bytes of each message's object that is listed."""
        start = len(self._prefix)
        found = ((_MESSAGE.fullmatch(each.key, start), each.size) for each in listing)
        return {int(match[1]): size for match, size in found if match}


class S3FilesRead:
    """One reading of an agent's objects, with what is to be mended of them.

    Attributes:
        listing: The objects that there are.
    """

    def __init__(self, store: S3Store, files: S3AgentFiles) -> None:
        self.repairs: list[Callable[[], None]] = []
        self.listing: list[Listed] = []
        self._store = store
        self._files = files
        self._messages: dict[int, SessionMessage | None] = {}
        self._agent: list[SessionAgent | None] = []

    def sizes(self) -> dict[int, int]:
        """Return the size in bytes of each message's object."""
        return self._files.sizes(self.listing)

    def read_ahead(self, ids: list[int]) -> None:
        """Read several messages at the same time."""
        wanted = [id for id in ids if id not in self._messages]
        keys = [self._files.message_key(id) for id in wanted]
        found = self._store.all(lambda key: self._read(key, shapes.message_of(None), SessionMessage.from_dict), keys)
        self._messages.update(zip(wanted, found, strict=True))

    def is_of(self, id: int, updated_at: str) -> bool:
        """An object that is edited gets a date of the service, as ours do: its size tells."""
        return True

    def check_missing(self, id: int) -> None:
        """An object is an object."""

    def message(self, id: int) -> SessionMessage | None:
        """Return a message as its object has it; None when there is none that can be read."""
        self.read_ahead([id])
        return self._messages[id]

    def agent(self) -> SessionAgent | None:
        """Return the agent as its object has it."""
        if not self._agent:
            self._agent.append(self._read(self._files.agent_key, shapes.agent, SessionAgent.from_dict))
        return self._agent[0]

    def write_message(self, stored: SessionMessage) -> None:
        """Let a message's object be mended."""
        self._write_again(self._files.message_key(stored.message_id), stored)

    def write_agent(self, stored: SessionAgent) -> None:
        """Let the agent's object be mended."""
        self._write_again(self._files.agent_key, stored)

    def _write_again(self, key: str, stored: SessionMessage | SessionAgent) -> None:
        self.repairs.append(lambda: self._store.write_bytes(key, to_json(stored.to_dict()).encode()))

    def _read(self, key: str, check: shapes.Check, parse: Callable[[dict[str, Any]], _Stored]) -> _Stored | None:
        found = self._store.fetch(key)
        if found is None:
            return None
        try:
            data = from_json(found.content)
            check(data, "")
            return parse(data)
        except shapes.WrongShapeError as error:
            raise shapes.wrong(key, error) from error
        except (ValueError, RecursionError):
            self.repairs.append(lambda: self._set_aside(key))
            return None

    def _set_aside(self, key: str) -> None:
        kept = self._store.copy_aside(key)
        self._store.delete([key])
        logger.warning("%r is damaged; it is kept as %r and the session goes on without it", key, kept)
