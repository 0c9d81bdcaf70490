"""Records whose files are not written yet: they are written while nobody waits, at the latest when they are read."""

from __future__ import annotations

import atexit
import os
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from strands._threads import in_background

if TYPE_CHECKING:
    from .directory_record import RecordWithFiles


_MOMENT = 0.005
"""Seconds in which files gather: those of several calls are written once."""


class Pending:
    """The records of this process whose files are not written yet."""

    _records: ClassVar[dict[RecordWithFiles, None]] = {}
    _is_due: ClassVar[bool] = False

    @classmethod
    def add(cls, record: RecordWithFiles) -> None:
        """Remember that files of `record` are not written yet."""
        cls._records[record] = None

    @classmethod
    def soon(cls) -> None:
        """Write what is not written yet in a moment, unless the next call of an agent writes it first."""
        if not cls._is_due:
            cls._is_due = True
            in_background(cls._in_a_moment)

    @classmethod
    def _in_a_moment(cls) -> None:
        time.sleep(_MOMENT)
        cls._is_due = False
        cls.settle()

    @classmethod
    def discard(cls, record: RecordWithFiles) -> None:
        """Forget `record`, if all of its files are written or its session is gone."""
        if not record.layout.dirty_files or record.is_gone():
            cls._records.pop(record, None)

    @classmethod
    def settle(cls, directory: PurePath | None = None) -> None:
        """Write what is not written yet of the agents in or below `directory`, or of all."""
        for record in list(cls._records):
            if directory is None or directory == record.directory or directory in record.directory.parents:
                record.write_layout_files()

    @classmethod
    def forget(cls) -> None:
        """In a forked child: what is not written yet is the parent's to write."""
        cls._records.clear()
        cls._is_due = False


atexit.register(Pending.settle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Pending.forget)
