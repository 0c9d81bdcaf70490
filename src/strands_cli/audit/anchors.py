"""A session against its heads: whether its entries are those that were there when something had been decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from strands.journal import lines
from strands.journal.heads import DECISIONS, ENDS, MENDED, REDACTED, REDACTING
from strands_cli.audit.findings import AuditFinding

if TYPE_CHECKING:
    from strands.journal.entries import Entry
    from strands.journal.heads import JournalHead
    from strands_cli.audit.heads import Heads


class SessionContent(NamedTuple):
    """The lines of a session.

    Attributes:
        entries: The entries that are whole.
        sums: Their checksums.
        damage: What is broken behind them, if something is that no killed writer explains.
    """

    entries: list[Entry]
    sums: list[str]
    damage: lines.Damage | None

    @property
    def opening(self) -> str:
        """The checksum of the first line."""
        return self.sums[0] if self.sums else ""

    @property
    def has_asked(self) -> bool:
        """Whether somebody was asked."""
        return any(entry.kind == "asked" for entry in self.entries)

    def decisions(self) -> list[Entry]:
        """Return the entries after which a head is signed."""
        if not self.has_asked:
            return []
        return [entry for entry in self.entries if entry.kind in DECISIONS or entry.kind in ENDS]


def content_of(content: bytes) -> SessionContent:
    """Return what the lines of a session say."""
    parsed = lines.parse(content)
    sums = [lines.sum_of(line) for line in content.split(b"\n")[: len(parsed.entries)]]
    damage = parsed.damage if parsed.damage is not None and not parsed.damage.torn else None
    return SessionContent(parsed.entries, sums, damage)


def anchored(content: SessionContent, heads: Sequence[JournalHead]) -> int:
    """Return how many of a session's first entries are covered by a head."""
    covered = [head.entries for head in heads if _holds(content, head)]
    return max(covered, default=0)


def check(session_id: str, content: SessionContent, heads: Heads) -> list[AuditFinding]:
    """Return what does not hold of a session's lines."""
    if content.damage is not None:
        found = [AuditFinding(session_id, content.damage.line - 1, "chain", content.damage.cause)]
    else:
        found = []
    of_session = heads.of(session_id)
    others = {head.opening for head in of_session if head.opening} - {content.opening}
    if others and content.entries:
        return [*found, _other(session_id, content, heads)]
    if not found:
        found += _compared(session_id, content, of_session)
    return [*found, *_owed(session_id, content, of_session)]


def _other(session_id: str, content: SessionContent, heads: Heads) -> AuditFinding:
    owner = heads.owner_of(content.opening)
    if owner:
        return AuditFinding(session_id, 0, "swapped", f"this is the journal of session {owner!r}")
    return AuditFinding(session_id, 0, "replaced", "this is another journal than the one in which was decided")


def _holds(content: SessionContent, head: JournalHead) -> bool:
    return 0 < head.entries <= len(content.sums) and content.sums[head.entries - 1] == head.last


def _compared(session_id: str, content: SessionContent, heads: Sequence[JournalHead]) -> list[AuditFinding]:
    """Compare the checksums; those from before all were changed by a redaction say nothing any more."""
    redacted = max((head.entries for head in heads if head.after == REDACTED), default=0)
    begun = max((head.entries for head in heads if head.after == REDACTING), default=0)
    good = max((head.entries for head in heads if _holds(content, head)), default=0)
    found: list[AuditFinding] = []
    for head in sorted(heads, key=lambda head: head.entries):
        if _holds(content, head) or head.entries < redacted or head.after == REDACTING:
            continue
        if head.entries > len(content.entries):
            missing = head.entries - len(content.entries)
            said = "1 entry is" if missing == 1 else f"{missing} entries are"
            return [
                *found,
                AuditFinding(session_id, len(content.entries), "cut", f"{said} missing that had been anchored"),
            ]
        if found or head.entries < good:
            continue
        if head.entries <= begun and _has_redacted(content, begun):
            message = "something said before was being redacted when the process ended; the next head settles it"
            found.append(AuditFinding(session_id, begun, "redacting", message))
            continue
        message = f"what was anchored of the first {head.entries} entries, after {head.after!r}, is not what is there"
        found.append(AuditFinding(session_id, head.entries - 1, "rewritten", message))
    return found


def _has_redacted(content: SessionContent, first: int) -> bool:
    return any(entry.kind == "redacted" for entry in content.entries[first:])


def _owed(session_id: str, content: SessionContent, heads: Sequence[JournalHead]) -> list[AuditFinding]:
    covered = anchored(content, heads)
    timely = anchored(content, [head for head in heads if head.after != MENDED])
    found: list[AuditFinding] = []
    for entry in content.decisions():
        what = f"{entry.kind} {entry.key}".rstrip()
        if entry.seq >= covered:
            found.append(AuditFinding(session_id, entry.seq, "unanchored", f"no head covers {what} yet"))
        elif entry.seq >= timely:
            found.append(
                AuditFinding(session_id, entry.seq, "mended", f"{what} was anchored later than it was written")
            )
    return found
