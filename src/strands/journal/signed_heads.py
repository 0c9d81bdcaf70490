"""How heads are signed and read, and the mark that says how far a heads log has come."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from strands._home import home, make_private
from strands.journal import files, lines
from strands.journal.entries import Encoded, Entry
from strands.journal.head_keys import Key, known_keys, signing_key
from strands.journal.heads import JournalHead


class SignedHead(NamedTuple):
    """A line of the heads log.

    Attributes:
        number: Its number in the log, from 0.
        head: What it says.
        signer: The name of the key that it was signed with.
        is_genuine: Whether the signature holds; None where that key is not known here.
    """

    number: int
    head: JournalHead
    signer: str
    is_genuine: bool | None


class HeadsMark(NamedTuple):
    """How far a heads log is known to have come.

    Attributes:
        entries: How many lines it had.
        last: The checksum of the last.
    """

    entries: int
    last: str


def of_content(session_id: str, content: bytes, after: str, at: float) -> JournalHead | None:
    """Return the head of a journal of these lines; None where it asked nobody."""
    parsed = lines.parse(content)
    if not any(entry.kind == "asked" for entry in parsed.entries):
        return None
    return JournalHead(session_id, after, parsed.first_sum, len(parsed.entries), parsed.last_sum, at)


def encode(heads: Sequence[JournalHead], first: int, last_sum: str) -> tuple[bytes, str]:
    """Return the lines of heads numbered from `first`, and the checksum of the last.

    Args:
        heads: What they say.
        first: The number of the first line.
        last_sum: The checksum of the line before.

    Raises:
        StorageError: There is no key.
    """
    key, content = signing_key(), b""
    for number, head in enumerate(heads, first):
        told = {name: getattr(head, name) for name in ("after", "opening", "entries", "last")}
        told |= {"signer": key.name, "mac": _mac(key, last_sum, head)}
        data = json.dumps(told, separators=(",", ":")).encode("ascii")
        line, _, last_sum = lines.encode([Encoded("head", head.session, data, head.at)], number, last_sum)
        content += line
    return content, last_sum


def _mac(key: Key, last_sum: str, head: JournalHead) -> str:
    said = json.dumps([last_sum, *head], separators=(",", ":")).encode("ascii")
    return hmac.new(key.secret, said, hashlib.sha256).hexdigest()


def read(content: bytes) -> tuple[list[SignedHead], lines.Damage | None]:
    """Return the heads of a log's lines, and where the chain of the lines breaks; what follows that is not returned."""
    parsed = lines.parse(content)
    found, last_sum, keys = [], "", {key.name: key for key in known_keys()}
    for entry, line in zip(parsed.entries, content.split(b"\n"), strict=False):
        found.append(_signed(entry, last_sum, keys))
        last_sum = lines.sum_of(line)
    return found, parsed.damage


def _signed(entry: Entry, last_sum: str, keys: Mapping[str, Key]) -> SignedHead:
    data: Any = entry.data
    head = JournalHead(entry.key, data["after"], data["opening"], data["entries"], data["last"], entry.at)
    key = keys.get(data["signer"])
    genuine = None if key is None else hmac.compare_digest(_mac(key, last_sum, head), str(data["mac"]))
    return SignedHead(entry.seq, head, data["signer"], genuine)


# -- marks ------------------------------------------------------------------------------------------------------------


def mark_path(place: str) -> Path:
    """Return where it is told how far the heads log of a store has come."""
    return home() / "audit" / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.json"


def read_mark(place: str) -> HeadsMark | None:
    """Return how far a heads log is known to have come; None where this machine has not written to it."""
    try:
        told = json.loads(mark_path(place).read_bytes())
        return HeadsMark(int(told["entries"]), str(told["last"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def advance_mark(place: str, before: HeadsMark, now: HeadsMark, has: Callable[[HeadsMark], bool]) -> None:
    """Tell how far a heads log has come, unless it does not go on from what was told before: that stays told.

    Args:
        place: The store.
        before: How far it was before what was written now; 0 entries for a new log.
        now: How far it is.
        has: Called with an earlier mark; returns whether the log has that line.
    """
    known = read_mark(place)
    if known is not None and known != before and (known.entries >= before.entries or not has(known)):
        return  # somebody else has told more, or the log was set back
    with contextlib.suppress(OSError):
        path = mark_path(place)
        make_private(path.parent)
        told = {"place": place, "entries": now.entries, "last": now.last}
        files.replace(os.fspath(path), json.dumps(told).encode())
