"""The files of an agent in the layout that other programs read: `agent.json` and `messages/message_<n>.json`.

They say what the journal beside them says, and are written from it while nobody waits. Where another program has added
or changed one, it is taken as it is.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from strands._home import check_private
from strands.types.session import SessionAgent, SessionMessage

from .disk import DAMAGED, TEMPORARY, Disk
from .json_text import from_json, to_json

logger: logging.Logger = logging.getLogger(__name__)

AGENT = "agent.json"
MESSAGES = "messages"
MOST_IN_MEMORY = 64
"""Files whose content may wait in memory for the end of a call."""

_MESSAGE_NAME = re.compile(r"message_(0|[1-9][0-9]*)\.json")
_Stored = TypeVar("_Stored")


class LayoutFiles:
    """Files in `directory` that are written from the journal there."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory
        self._dirty_files: OrderedDict[str, bytes] = OrderedDict()
        self._writing = threading.Lock()

    @property
    def dirty_files(self) -> int:
        """How many files are not written yet."""
        return len(self._dirty_files)

    def forked(self) -> None:
        """This is a copy in a forked child: what is not written yet is the parent's to write."""
        self._writing = threading.Lock()
        self._dirty_files = OrderedDict()

    def check(self) -> None:
        """Check that the directories are private.

        Raises:
            NotPrivateError: Somebody else owns one of them or may write to it.
        """
        for directory in (self._directory.parent, self._directory):
            check_private(directory)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else write the files, or mend them, while the block runs."""
        file = os.open(self._directory, os.O_RDONLY) if os.name == "posix" else -1
        try:
            release = self._disk.lock(file, self._directory)
            try:
                yield
            finally:
                release()
        finally:
            if file >= 0:
                os.close(file)

    def write(self, is_newest: Callable[[], bool]) -> None:
        """Write what is not written yet, without waiting for the disk.

        Args:
            is_newest: Whether nobody has gone on from the journal; else that one writes the files.

        Raises:
            OSError: The disk refuses; the next call tries again.
        """
        with self._writing, self.locked():
            if not is_newest():
                self._dirty_files.clear()
            if self._dirty_files:
                self._make_directory()
            while self._dirty_files:
                path, content = self._dirty_files.popitem(last=False)
                try:
                    self._put_in_place(path, content)
                except BaseException:
                    self._dirty_files.setdefault(path, content)
                    raise

    def put(self, path: str, content: bytes) -> None:
        """Let a file have this content once `write` is called."""
        self._dirty_files[path] = content

    def _make_directory(self) -> None:
        self._disk.make_directory(self._directory)

    def _put_in_place(self, path: str, content: bytes) -> None:
        self._disk.replace(Path(path), content)


class Layout(LayoutFiles):
    """The files in `directory`, which is `<storage>/session_<id>/agents/agent_<id>`.

    Attributes:
        agent_path: Where the agent's state is kept.
    """

    def __init__(self, disk: Disk, directory: Path) -> None:
        super().__init__(disk, directory)
        self.agent_path: Path = directory / AGENT
        self._messages = directory / MESSAGES
        self._message = f"{self._messages}{os.sep}message_"

    def message_path(self, message_id: int) -> Path:
        """Return where a message is kept."""
        return Path(f"{self._message}{message_id}.json")

    def has_message(self, message_id: int) -> bool:
        """Return whether a message's file is there."""
        return os.path.lexists(f"{self._message}{message_id}.json")

    def put_message(self, message_id: int, content: bytes) -> None:
        """Let a message's file have this content once `write` is called."""
        self.put(f"{self._message}{message_id}.json", content)

    def put_agent(self, content: bytes) -> None:
        """Let the agent's file have this content once `write` is called."""
        self.put(os.fspath(self.agent_path), content)

    def remove_message(self, message_id: int) -> None:
        """Remove a message's file, so that it is not there after a power loss either."""
        path = f"{self._message}{message_id}.json"
        with self._writing:
            self._dirty_files.pop(path, None)
            if os.path.lexists(path):
                self._disk.remove(Path(path))
                self._disk.sync_directory(self._messages)

    def check(self) -> None:
        super().check()
        check_private(self._messages)

    def _make_directory(self) -> None:
        self._disk.make_directory(self._messages)

    def _put_in_place(self, path: str, content: bytes) -> None:
        if path == os.fspath(self.agent_path):
            self._disk.update(self.agent_path, content)
        else:
            self._disk.replace(Path(path), content)


class LayoutReading:
    """One reading of the files, with what is to be mended of them."""

    def __init__(self, layout: Layout, disk: Disk, directory: Path) -> None:
        self.repairs: list[Callable[[], None]] = []
        self._layout = layout
        self._disk = disk
        self._directory = directory
        self._files: dict[int, SessionMessage | None] = {}

    def read_ahead(self, ids: list[int]) -> None:
        """Files are read one after the other."""

    def message(self, id: int) -> SessionMessage | None:
        """Return a message as its file has it; None when there is none that can be read."""
        if id not in self._files:
            self._files[id] = self._read(self._layout.message_path(id), SessionMessage.from_dict)
        return self._files[id]

    def agent(self) -> SessionAgent | None:
        """Return the agent as its file has it."""
        return self._read(self._layout.agent_path, SessionAgent.from_dict)

    def sizes(self) -> dict[int, int]:
        """Return the size in bytes of each message's file; what does not belong there is named or removed."""
        if any(name.endswith(TEMPORARY) for name in self._disk.scan(self._directory)):
            self.repairs.append(lambda: self._disk.remove_temporary(self._directory))
        directory = self._directory / MESSAGES
        sizes = {}
        for name, size in self._disk.scan(directory).items():
            match = _MESSAGE_NAME.fullmatch(name)
            if match:
                sizes[int(match[1])] = size
            elif name.endswith(TEMPORARY):
                self.repairs.append(lambda path=directory / name: self._disk.remove(path))  # type: ignore[misc]
            elif DAMAGED not in name:
                logger.warning("file %r is not part of the session and is left alone", str(directory / name))
        return sizes

    def write_message(self, stored: SessionMessage) -> None:
        """Let a message's file be mended."""
        self.write_again(self._layout.message_path(stored.message_id), stored)

    def write_agent(self, stored: SessionAgent) -> None:
        """Let the agent's file be mended."""
        self.write_again(self._layout.agent_path, stored)

    def write_again(self, path: Path, stored: SessionMessage | SessionAgent) -> None:
        """Let a file be mended."""

        def repair() -> None:
            self._disk.make_directory(path.parent)
            self._disk.replace(path, to_json(stored.to_dict()).encode())
            logger.info("%r was missing or torn; mended from the journal", str(path))

        self.repairs.append(repair)

    def _read(self, path: Path, parse: Callable[[dict[str, Any]], _Stored]) -> _Stored | None:
        content = self._disk.read(path)
        if content is None:
            return None
        try:
            return parse(from_json(content))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.repairs.append(lambda: self._set_aside(path))
            return None

    def _set_aside(self, path: Path) -> None:
        target = self._disk.set_aside(path)
        logger.warning("%r is damaged; it is kept as %r and the session goes on without it", str(path), target.name)


def message_texts(stored: SessionMessage) -> tuple[str, bytes]:
    """Return what the journal keeps of a message, as JSON, and the content of the message's file."""
    message, id = to_json(stored.message), stored.message_id
    created, updated = to_json(stored.created_at), to_json(stored.updated_at)
    redacted = "null" if stored.redact_message is None else to_json(stored.redact_message)
    text = (
        f'{{"message":{message},"message_id":{id},"redact_message":{redacted},'
        f'"created_at":{created},"updated_at":{updated}}}'
    )
    if stored.redact_message is not None or updated != created:
        return f'{{"size":{len(text)},"stored":{text}}}', text.encode()
    return f'{{"size":{len(text)},"id":{id},"at":{created},"message":{message}}}', text.encode()
