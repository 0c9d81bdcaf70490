"""Log lines on the command line: one line each, on standard error, with a traceback only under --debug."""

from __future__ import annotations

import logging
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    Handler = logging.StreamHandler[TextIO]
else:
    Handler = logging.StreamHandler

_CHATTY = ("httpcore", "httpx", "asyncio", "botocore", "boto3", "openai", "urllib3", "filelock")
"""Clients that say too much under --debug too."""


def configure(*, verbose: bool = False, debug: bool = False) -> None:
    """Send warnings, or more, to standard error; a second call changes nothing."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = _ToStderr()
    handler.setFormatter(_Whole("%(asctime)s %(levelname)s %(name)s: %(message)s") if debug else _OneLine())
    root.addHandler(handler)
    if not debug:
        handler.addFilter(_is_told)
    logging.captureWarnings(True)
    root.setLevel(logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_told(record: logging.LogRecord) -> bool:
    """Whether a record is for who runs a workflow: less than a warning only from us, and from code of their own."""
    return record.levelno >= logging.WARNING or not _is_installed(record.name.partition(".")[0])


@cache
def _is_installed(package: str) -> bool:
    """Whether a package came with Python, or was installed beside us."""
    module = sys.modules.get(package)
    parts = Path(getattr(module, "__file__", None) or "").parts
    installed = not {"site-packages", "dist-packages"}.isdisjoint(parts) or package in sys.stdlib_module_names
    return installed and package not in ("strands", "strands_cli")


class _ToStderr(Handler):
    """Writes to what standard error is at the moment, so that progress and prompts can hold it back."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        return


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from strands_cli.terminal.escape import one_line

        cause = f": {record.exc_info[1]!r}" if record.exc_info and record.exc_info[1] is not None else ""
        return f"{record.levelname.capitalize()}: {one_line(record.getMessage() + cause)}"


class _Whole(logging.Formatter):
    """A record with its traceback: what models and servers said stands in both, and is escaped."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        from strands_cli.terminal.escape import one_line

        record.message = one_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        from strands_cli.terminal.escape import visible

        return visible(super().format(record))
