"""The log in a journal's file that keeps in mind where questions stand in it, and an append that reads only those."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from strands.journal import faults, files, lines, question_index
from strands.journal.changes import ChangeNotes
from strands.journal.entries import FORMAT, NEWEST_FORMAT, Entry
from strands.journal.errors import SessionDamagedError
from strands.journal.excerpt import Decide, Excerpt
from strands.journal.file_log import FileLog
from strands.journal.files import FileOperations
from strands.journal.handle import Writing
from strands.journal.head import Head
from strands.journal.heads import JournalHead
from strands.journal.question_index import KINDS, LineSpan, QuestionIndex

_BEFORE = 64
"""Bytes before a line that surely hold the sum of the line before."""


class IndexedLog(FileLog):
    """The log in `directory`/journal.jsonl; behind its head stands what an answer has to see.

    Args:
        directory: The session's directory.
        session_id: The session's id, for messages.
        disk: The file operations.
        changes: Where it is noted that the log changes; None for nowhere.
    """

    def __init__(
        self,
        directory: Path | str,
        session_id: str,
        *,
        disk: FileOperations = files,
        changes: ChangeNotes | None = None,
    ) -> None:
        super().__init__(directory, session_id, disk=disk, changes=changes)
        self._index = QuestionIndex()

    @property
    def has_asked(self) -> bool:
        """Whether what is known of it asks somebody."""
        return bool(self._index.open or self._index.closed)

    def head_after(self, after: str) -> JournalHead:
        """Return the head that is to be signed of what is known of it."""
        return JournalHead(self._id, after, self._opening, self.count, self._sum, time.time())

    def _forget(self) -> None:
        super()._forget()
        self._index = QuestionIndex()

    def _placed(self, entries: Sequence[Entry], content: bytes, offset: int) -> None:
        for entry in entries:
            if entry.kind in KINDS:
                break
        else:
            return
        begin = int(content[:1] == b"\n")
        for entry in entries:
            end = content.find(b"\n", begin)
            if entry.kind in KINDS and end > 0:
                self._index.take(entry, offset + begin, end - begin)
            begin = end + 1

    def _head(self) -> Head:
        index, covered = self._index, super()._head()
        return Head(*covered[:4], index.line(covered)) if index.open or index.closed else covered


class PartialLog(IndexedLog):
    """A log of which only its end is read, and the lines that its index tells of: for one answer."""

    def answer(self, keys: Sequence[str], decide: Decide, now: float, opening: str) -> list[Entry] | None:
        """Append durably what `decide` returns of an excerpt, under the lock of the file, and wait for the disk.

        Args:
            keys: The questions that are meant, by id.
            decide: Returns what to append.
            now: Unix time in seconds.
            opening: The sum of the first line, where it is known which session is meant; else "".

        Returns:
            The entries; None where the whole journal has to be read for that.
        """
        self._file.keep_open()
        try:
            with Writing(self._file) as file:
                found = self._excerpt(file, keys, now, opening, is_ours=True)
                drafts = decide(found) if found is not None else ()
                if not drafts:
                    return None if found is None else []
                content, entries, last_sum = lines.encode(
                    drafts, self.count, self._sum, synced=self._synced, read=lines.read_json
                )
                self._write(file, content)
                self._took([], len(drafts), drafts[-1].kind)
                self._sum = last_sum
                self._placed(entries, content, self._size - len(content))
            self._sync_now(self._file.handle, self._head())
            return entries
        finally:
            self._file.let_close()

    def excerpt(self, keys: Sequence[str] | None, now: float, opening: str) -> Excerpt | None:
        """Return what an answer to these questions has to see; None where the whole journal has to be read for that."""
        try:
            handle, file = self._file.opened(os.O_RDONLY)
            try:
                return self._excerpt(file, keys, now, opening)
            finally:
                if handle is None:
                    os.close(file)
        except OSError as error:
            raise self._file.error(error) from error

    def _excerpt(
        self, file: int, keys: Sequence[str] | None, now: float, opening: str, *, is_ours: bool = False
    ) -> Excerpt | None:
        """Read the end of the file, then the lines that matter.

        Args:
            is_ours: The lock is held alone: what a dead writer left torn is cut off.
        """
        newer = self._read_end(file, opening, is_ours)
        if newer is None:
            return None
        read = {entry.seq: entry for entry in newer}
        entries = []
        for span in self._index.about(keys, now):
            entry = read.get(span.seq) or self._entry_at(file, span)
            if entry is None:
                return None
            entries.append(entry)
        if entries[0].data.get("format", FORMAT) > NEWEST_FORMAT:
            return None
        if any(entry.kind == "deleted" for entry in entries):
            raise faults.missing(self._id)
        return Excerpt(entries, now, False)

    def _read_end(self, file: int, opening: str, is_ours: bool) -> list[Entry] | None:
        """Return the entries behind those that the index tells of; None where the two do not agree."""
        told = question_index.read(self._file.head_name)
        if told is None or opening not in ("", told[0].opening):
            return None
        count, self._size, self._opening, self._sum, _ = told[0]
        self.count: int = count
        self._synced, self._index = count, told[1]
        if not self._is_ours(file, os.fstat(file).st_size):
            return None
        try:
            newer, torn = self._take_in(file)
        except SessionDamagedError:
            return None
        if torn is not None and is_ours:
            self._cut(file, torn)
        return newer

    def _entry_at(self, file: int, span: LineSpan) -> Entry | None:
        """Return the entry of a line of the index; None unless it is the one that was written there."""
        begin = max(span.offset - _BEFORE, 0)
        content = os.pread(file, span.offset + span.size - begin, begin)
        before, line = content[: span.offset - begin], content[span.offset - begin :]
        body = lines.checked(line, lines.sum_of(before) if span.seq else "")
        if body is None or (not span.seq and lines.sum_of(line) != self._opening):
            return None
        entry = lines.entry_of(lines.read_json(body + b"}"))
        return entry if entry.seq == span.seq else None
