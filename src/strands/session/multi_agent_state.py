"""What a graph's or swarm's journal says, a fold over its entries; and what the file beside it says."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Any

from strands.journal import lines
from strands.journal.entries import Entry
from strands.journal.head import Head
from strands.journal.salvage import Gap, salvage

from .doubled import Damaged, undoubled
from .journal_record import read_line
from .journal_state import LeaseState
from .json_text import from_json
from .state_changes import changed

_TAIL = re.compile(rb',?"_journal":\{"opening":"([0-9a-f]*)","entries":([0-9]+),"sum":"([0-9a-f]{8})"\}\}')
_LIKE_TAIL = re.compile(rb'"_journal":\{"|"entries":[0-9]+,"sum":"[0-9a-f]{8}"\}\}\Z')
_TAIL_SIZE = 160
"""Bytes that surely hold the tail."""


@dataclass(slots=True)
class MultiAgentState(LeaseState):
    """What the entries say.

    Attributes:
        state: Where the graph or swarm stands, as `serialize_state` told it.
        imported: What tells the file that was taken in last from any other; "" for none.
    """

    state: dict[str, Any] | None = None
    imported: str = ""

    def _note(self, entry: Entry) -> None:
        LeaseState._note(self, entry)
        if "state" in entry.data:
            self.state = changed(self.state or {}, entry.data["state"])
        self.imported = entry.data.get("imported", self.imported)


@dataclass(slots=True, frozen=True)
class StateFile:
    """A `multi_agent.json`: the state as JSON, and, where it was written from a journal, up to which entry of which.

    Attributes:
        digest: What tells its content from any other.
        state: The state; None where it cannot be read.
        text: The same as it is written.
        damage: What is wrong with it; "" for nothing.
        is_of_a_journal: It was written from a journal.
        opening: The sum of that journal's first line.
        entries: How many entries of it the state is the fold of.
    """

    digest: str
    state: dict[str, Any] | None
    text: str = ""
    damage: str = ""
    is_of_a_journal: bool = False
    opening: str = ""
    entries: int = 0

    @staticmethod
    def content(text: str, opening: str, entries: int) -> bytes:
        """Return the content of a file that says the state `text`."""
        told = f'"_journal":{{"opening":"{opening}","entries":{entries},"sum":"{_sum(text.encode())}"}}}}'
        return f"{text[:-1]}{',' if len(text) > 2 else ''}{told}".encode()

    @classmethod
    def read(cls, content: bytes | None) -> StateFile | None:
        """Return what a file says; None where there is none."""
        if content is None:
            return None
        digest, end = hashlib.sha256(content).hexdigest()[:32], content[-_TAIL_SIZE:]
        tail = _TAIL.search(end)
        if tail is None or tail.end() != len(end):
            if _LIKE_TAIL.search(end):
                return cls(digest, None, damage="its end cannot be read", is_of_a_journal=True)
            return _of_another_program(content, digest)
        text = content[: len(content) - len(tail[0])] + b"}"
        if _sum(text) != tail[3].decode():
            return cls(digest, None, damage="its sum is wrong", is_of_a_journal=True)
        return cls(digest, from_json(text), text.decode(), "", True, tail[1].decode(), int(tail[2]))

    def is_newer(self, journal: MultiAgentState) -> bool:
        """Whether another program has written it since `journal` was written to."""
        return not self.is_of_a_journal and self.state is not None and self.digest != journal.imported


def _of_another_program(content: bytes, digest: str) -> StateFile:
    """Read what the Strands Agents SDK writes, or release 0.1.0, which wrote the state twice."""
    try:
        state, is_sound = undoubled(content)
    except Damaged as error:
        return StateFile(digest, None, damage=str(error))
    return StateFile(digest, state, damage="" if is_sound else "one copy is wrong")


def healed(content: bytes, told: Head | None, file: StateFile | None) -> MultiAgentState | None:
    """Return what a damaged journal said, where the file beside it has all that is lost; else None.

    Args:
        content: The bytes of the journal.
        told: How far it was on disk.
        file: The file.
    """
    if file is None or file.state is None:
        return None
    found = salvage(content, head=told, read=read_line)
    openings = {lines.sum_of(content.partition(b"\n")[0]), told.opening if told is not None else ""} - {""}
    if file.opening not in openings or not all(_is_told(gap, told, file.entries) for gap in found.gaps):
        return None
    after = [entry for entry in found.entries if entry.seq >= file.entries]
    if [entry.seq for entry in after] != list(range(file.entries, file.entries + len(after))):
        return None
    whole = MultiAgentState().take(entry for entry in found.entries if "state" not in entry.data)
    state = MultiAgentState(state=file.state, imported=whole.imported).take(after)
    state.driver, state.driven_by = whole.driver, whole.driven_by
    return state


def format_of(content: bytes) -> int:
    """Return the format in which a journal is written, as its first line says."""
    first = lines.parse(content.partition(b"\n")[0] + b"\n", read=read_line).entries
    return LeaseState().take(first).format


def _is_told(gap: Gap, told: Head | None, entries: int) -> bool:
    """Whether the first `entries` entries have all that `gap` lost."""
    if gap.number is not None:
        return gap.after + gap.number < entries or gap.number == 0
    if gap.after + len(gap.broken) >= entries:
        return False  # a head may be older than lines that are broken now
    return told is not None and told.entries <= entries


def _sum(text: bytes) -> str:
    return f"{zlib.crc32(text):08x}"
