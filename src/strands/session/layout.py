"""The files of an agent in the layout that other programs read: `agent.json` and `messages/message_<n>.json`.

They say what the journal beside them says, and are written from it while nobody waits. Where another program has added
or changed one, it is taken as it is.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from strands._home import check_private
from strands._regular import check_regular
from strands.types.session import SessionAgent, SessionMessage

from . import shapes
from .disk import DAMAGED, TEMPORARY, Disk
from .json_text import from_json, to_json

logger: logging.Logger = logging.getLogger(__name__)

AGENT = "agent.json"
MESSAGES = "messages"
MOST_IN_MEMORY = 64
"""Files whose content may wait in memory for the end of a call."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_MESSAGE_NAME = re.compile(r"message_(0|[1-9][0-9]*)\.json")
_Stored = TypeVar("_Stored")


class LayoutFiles:
    """Files in `directory` that are written from the journal there."""

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory
        self._dirty_files: OrderedDict[str, tuple[bytes, int | None]] = OrderedDict()
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

    @contextlib.contextmanager
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
                path, (content, moment) = self._dirty_files.popitem(last=False)
                try:
                    self._put_in_place(path, content)
                except BaseException:
                    self._dirty_files.setdefault(path, (content, moment))
                    raise
                if moment is not None:
                    self._disk.date(path, moment)

    def put(self, path: str, content: bytes, moment: int | None = None) -> None:
        """Let a file have this content, and this date in nanoseconds since 1970, once `write` is called."""
        self._dirty_files[path] = content, moment

    def remove(self, path: str) -> None:
        """Remove a file, so that it is not there after a power loss either."""
        with self._writing:
            self._dirty_files.pop(path, None)
            if os.path.lexists(path):
                self._disk.remove(Path(path))
                self._disk.sync_directory(Path(path).parent)

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

    def put_message(self, stored: SessionMessage, content: bytes) -> None:
        """Let a message's file have this content, and the date of its message, once `write` is called."""
        self.put(f"{self._message}{stored.message_id}.json", content, moment_of(stored.updated_at))

    def put_agent(self, content: bytes) -> None:
        """Let the agent's file have this content once `write` is called."""
        self.put(os.fspath(self.agent_path), content)

    def remove_message(self, message_id: int) -> None:
        """Remove a message's file, so that it is not there after a power loss either."""
        self.remove(f"{self._message}{message_id}.json")

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
        self._dates: dict[int, int] = {}

    def read_ahead(self, ids: list[int]) -> None:
        """Files are read one after the other."""

    def message(self, id: int) -> SessionMessage | None:
        """Return a message as its file has it; None when there is none that can be read.

        Raises:
            SessionException: It is JSON, but no message.
        """
        if id not in self._files:
            path = self._layout.message_path(id)
            self._files[id] = self._read(path, shapes.message_of(id), SessionMessage.from_dict)
        return self._files[id]

    def check_missing(self, id: int) -> None:
        """Check that nothing else stands in the place of a message's file.

        Raises:
            NotRegularError: A directory does, or something else that is not a file.
        """
        with contextlib.suppress(FileNotFoundError):
            check_regular(path := self._layout.message_path(id), os.lstat(path))

    def agent(self) -> SessionAgent | None:
        """Return the agent as its file has it.

        Raises:
            SessionException: It is JSON, but no agent.
        """
        return self._read(self._layout.agent_path, shapes.agent, SessionAgent.from_dict)

    def is_of(self, id: int, updated_at: str) -> bool:
        """Whether a message's file has the date that it was given when it was written, so that nobody has edited it."""
        return id in self._dates and self._dates[id] == moment_of(updated_at)

    def sizes(self) -> dict[int, int]:
        """Return the size in bytes of each message's file; what does not belong there is named or removed."""
        if any(name.endswith(TEMPORARY) for name in self._disk.scan(self._directory)):
            self.repairs.append(lambda: self._disk.remove_temporary(self._directory))
        directory, left_behind = self._directory / MESSAGES, False
        sizes = {}
        for name, status in self._disk.statuses(directory).items():
            match = _MESSAGE_NAME.fullmatch(name)
            if match:
                sizes[int(match[1])], self._dates[int(match[1])] = status.st_size, status.st_mtime_ns
            elif name.endswith(TEMPORARY):
                left_behind = True
            elif DAMAGED not in name:
                logger.warning("file %r is not part of the session and is left alone", str(directory / name))
        if left_behind:
            self.repairs.append(lambda: self._disk.remove_temporary(directory))
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
            moment = moment_of(stored.updated_at) if isinstance(stored, SessionMessage) else None
            if moment is not None:
                self._disk.date(path, moment)
            logger.info("%r was missing or torn; mended from the journal", str(path))

        self.repairs.append(repair)

    def _read(self, path: Path, check: shapes.Check, parse: Callable[[dict[str, Any]], _Stored]) -> _Stored | None:
        content = self._disk.read(path)
        if content is None:
            return None
        try:
            data = from_json(content)
            check(data, "")
            return parse(data)
        except shapes.WrongShapeError as error:
            raise shapes.wrong(path, error) from error
        except (ValueError, RecursionError):
            self.repairs.append(lambda: self._set_aside(path))
            return None

    def _set_aside(self, path: Path) -> None:
        target = self._disk.set_aside(path)
        logger.warning("%r is damaged; it is kept as %r and the session goes on without it", str(path), target.name)


def moment_of(time: str) -> int | None:
    """Return an ISO 8601 time as nanoseconds since 1970; None where it is not one with a time zone."""
    try:
        return (datetime.fromisoformat(time) - _EPOCH) // _MICROSECOND * 1000
    except (ValueError, TypeError):
        return None


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
