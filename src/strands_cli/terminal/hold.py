"""While a person is asked, nobody else speaks: prints and log lines wait, and come out afterwards."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from strands_cli.terminal.device import screen

_pausers: list[Callable[[], Callable[[], None]]] = []


def while_asking(pause: Callable[[], Callable[[], None]]) -> Callable[[], None]:
    """Have `pause` called before each question; what it returns is called afterwards.

    Returns:
        A function that undoes this.
    """
    _pausers.append(pause)
    return lambda: _pausers.remove(pause)


@contextlib.contextmanager
def held() -> Iterator[TextIO | None]:
    """Keep progress, prints and log lines from the terminal for as long as the block runs.

    Yields:
        The stream to speak to the person on.
    """
    with contextlib.ExitStack() as stack:
        for pause in list(_pausers):
            stack.callback(pause())
        out = screen()
        stack.enter_context(_logs_held())
        stack.enter_context(_prints_held())
        yield out


@contextlib.contextmanager
def _prints_held() -> Iterator[None]:
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Waiting.before(stream) for stream in streams)
    waiting = sys.stdout, sys.stderr
    try:
        yield
    finally:
        for name, stream, held_back in zip(("stdout", "stderr"), streams, waiting, strict=True):
            if getattr(sys, name) is held_back:
                setattr(sys, name, stream)
            if isinstance(held_back, _Waiting):
                held_back.release()


class _Waiting(io.TextIOBase):
    """Takes what is printed to a terminal, until `release` passes it on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._parts: list[str] | None = []
        self._lock = threading.Lock()

    @classmethod
    def before(cls, stream: TextIO | None) -> TextIO | _Waiting | None:
        return cls(stream) if stream is not None and stream.isatty() else stream

    def write(self, text: str) -> int:
        with self._lock:
            if self._parts is not None:
                self._parts.append(text)
                return len(text)
        return self._stream.write(text)

    def release(self) -> None:
        with self._lock:
            text = "".join(self._parts or ())
            self._parts = None
            self._stream.write(text)
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()


@contextlib.contextmanager
def _logs_held() -> Iterator[None]:
    records: list[tuple[logging.Handler, logging.LogRecord]] = []
    filters: list[tuple[logging.Handler, Callable[[logging.LogRecord], bool]]] = []
    for handler in _terminal_handlers():
        keep = _keeper(handler, records)
        handler.addFilter(keep)
        filters.append((handler, keep))
    try:
        yield
    finally:
        for handler, keep in filters:
            handler.removeFilter(keep)
        for handler, record in records:
            handler.handle(record)


def _keeper(
    handler: logging.Handler, records: list[tuple[logging.Handler, logging.LogRecord]]
) -> Callable[[logging.LogRecord], bool]:
    def keep(record: logging.LogRecord) -> bool:
        records.append((handler, record))
        return False

    return keep


def _terminal_handlers() -> list[logging.Handler]:
    loggers = [
        logging.root,
        *(each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)),
    ]
    handlers = {handler for logger in loggers for handler in logger.handlers}
    return [handler for handler in handlers if _writes_to_terminal(handler)]


def _writes_to_terminal(handler: logging.Handler) -> bool:
    stream = getattr(handler, "stream", None) or getattr(getattr(handler, "console", None), "file", None)
    try:
        return bool(stream is not None and stream.isatty())
    except (ValueError, AttributeError):
        return False
