"""Notes: a file in which every finished step leaves what it did; the newest are shown to the next step."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from strands_cli.builtin.confined import Confined, ConfinementError
from strands_cli.errors import ExecutionError

if TYPE_CHECKING:
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import AgentReply, Call, CallAgent
    from strands_cli.spec.context import Notes

logger: logging.Logger = logging.getLogger(__name__)

HEADING = "Previous Workflow Steps"
_MOST_INPUT = 400
_MOST_RESPONSE = 1_500
_TAIL = 400_000
_MARK = re.compile(r"^<!-- note ", re.MULTILINE)


class NotesFile:
    """The notes of a workflow.

    Args:
        policy: Which file, how many are shown, in which format.
        directory: What the file's path is relative to, and what it stays below.
        session_id: Marks the notes of this session.
    """

    def __init__(self, policy: Notes, directory: Path, session_id: str) -> None:
        self._policy = policy
        self._confined = Confined(directory)
        self._session = session_id
        try:
            self._path = self._confined.place(policy.file)
        except ConfinementError as error:
            raise ExecutionError(
                f"context_policy.notes.file: {error}", hint="Keep the notes below the output directory."
            ) from error

    def shown(self) -> str:
        """Return the newest notes as a section of a prompt, or "" when there are none."""
        if self._policy.include_last <= 0:
            return ""
        notes = self._read()[-self._policy.include_last :]
        return f"{HEADING}\n\n" + "\n\n".join(notes) if notes else ""

    def layer(self, run: Run, perform: CallAgent) -> CallAgent:
        """A layer: leaves a note when an agent call is finished."""

        async def noted(call: Call) -> AgentReply:
            resumed = call.progress() is not None or call.attempt > 0
            reply = await perform(call)
            if not reply.interrupts:
                self._leave(call, reply.text, check=resumed)
            return reply

        return noted

    def _leave(self, call: Call, response: str, *, check: bool) -> None:
        mark = f"{self._session} {call.key}"
        if check and self._has(mark):
            return
        written = _as_json if self._policy.format == "json" else _as_markdown
        note = written(mark, call, response)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(number, "ab") as file:
                file.write(note.encode("utf-8", "replace"))
        except OSError as error:
            logger.warning("the notes %r could not be written: %s", str(self._path), error.strerror or error)

    def _has(self, mark: str) -> bool:
        text = self._tail()
        return f"<!-- note {mark} -->" in text or f'"mark": {json.dumps(mark, ensure_ascii=False)}' in text

    def _read(self) -> list[str]:
        text = self._tail()
        return list(_lines(text)) if self._policy.format == "json" else list(_sections(text))

    def _tail(self) -> str:
        try:
            with self._confined.open(self._policy.file) as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(max(0, size - _TAIL))
                return file.read().decode("utf-8", "replace")
        except (OSError, ConfinementError):
            return ""


def _as_markdown(mark: str, call: Call, response: str) -> str:
    asked = _clipped(call.prompt, _MOST_INPUT)
    answered = _clipped(response, _MOST_RESPONSE)
    return (
        f"<!-- note {mark} -->\n## {call.agent} ({call.key}), {_now()}\n\n"
        f"**Input:** {_escaped(asked)}\n\n**Response:** {_escaped(answered)}\n\n"
    )


def _as_json(mark: str, call: Call, response: str) -> str:
    note = {
        "mark": mark,
        "at": _now(),
        "step": call.key,
        "agent": call.agent,
        "input": _clipped(call.prompt, _MOST_INPUT),
        "response": _clipped(response, _MOST_RESPONSE),
    }
    return json.dumps(note, ensure_ascii=False) + "\n"


def _sections(text: str) -> Iterator[str]:
    for part in _MARK.split(text)[1:]:
        yield part.partition("-->")[2].strip()


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        try:
            note = json.loads(line)
            title = f"## {note['agent']} ({note['step']}), {note['at']}"
            yield f"{title}\n\nInput: {note['input']}\n\nResponse: {note['response']}"
        except (ValueError, KeyError, TypeError):
            continue


def _clipped(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else text[:most].rstrip() + " ..."


def _escaped(text: str) -> str:
    """What an agent writes must not pose as a note of its own."""
    return text.replace("<!-- note", "<!-- (note)")


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
