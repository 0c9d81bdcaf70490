"""The heads of a store: whether their log is what was signed, and what they say of each session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strands._threads import on_disk
from strands.journal import lines
from strands_cli.audit.findings import AuditFinding

if TYPE_CHECKING:
    from strands.journal.heads import HeadsLog, JournalHead
    from strands.journal.signed_heads import SignedHead
    from strands_cli.session.repository import SessionRepository


@dataclass(slots=True)
class Heads:
    """What the heads log of a store says.

    Attributes:
        by_session: The genuine heads of each session, in the order in which they were signed.
        count: How many lines the log has.
        last: The checksum of its last line.
        is_marked: Whether it is told beside the key how long it was.
        findings: What is wrong with it.
        place: Where it is told how long it was, for people.
    """

    by_session: dict[str, list[JournalHead]] = field(default_factory=dict)
    count: int = 0
    last: str = ""
    is_marked: bool = False
    findings: list[AuditFinding] = field(default_factory=list)

    def of(self, session_id: str) -> Sequence[JournalHead]:
        """Return the heads of a session since it was deleted last, if it was."""
        found = self.by_session.get(session_id, [])
        deleted = [number for number, head in enumerate(found) if head.after == "deleted"]
        return found[deleted[-1] + 1 :] if deleted else found

    def is_deleted(self, session_id: str) -> bool:
        """Whether a session was deleted, and not begun anew since as far as heads tell."""
        return bool(self.by_session.get(session_id)) and not self.of(session_id)

    def owner_of(self, opening: str) -> str:
        """Return the session that began with this line; "" for none that is known."""
        for session_id, heads in self.by_session.items():
            if any(head.opening == opening for head in heads):
                return session_id
        return ""


def log_of(store: SessionRepository) -> HeadsLog | None:
    """Return the heads log of a store; None where it keeps none, as one in memory."""
    own: Any = getattr(store, "heads_log", None)
    found: HeadsLog | None = None if own is None else own()
    return found


async def read_heads(store: SessionRepository) -> Heads | None:
    """Return what the heads log of a store says; None where it keeps none.

    Raises:
        StorageError: It, or the key, cannot be read.
    """
    log = log_of(store)
    return None if log is None else await on_disk(lambda: _read(log))


def _read(log: HeadsLog) -> Heads:
    from strands.journal import signed_heads

    mark = signed_heads.read_mark(log.place)  # first: whoever decides meanwhile moves it on
    content = log.content()
    signed, damage = signed_heads.read(content)
    found = Heads(count=len(signed), is_marked=mark is not None)
    if damage is not None and not damage.torn:
        found.findings.append(AuditFinding("", damage.line - 1, "heads", f"the heads log: {damage.cause}"))
    found.findings += _unsigned(signed)
    sums = [lines.sum_of(line) for line in content.split(b"\n")[: len(signed)]]
    found.last = sums[-1] if sums else ""
    if mark is not None and (len(sums) < mark.entries or sums[mark.entries - 1] != mark.last):
        found.findings.append(_set_back(mark.entries, sums, str(signed_heads.mark_path(log.place))))
    for each in signed:
        if each.is_genuine:
            found.by_session.setdefault(each.head.session, []).append(each.head)
    return found


def _unsigned(signed: Sequence[SignedHead]) -> list[AuditFinding]:
    found: list[AuditFinding] = []
    unknown: dict[str, list[int]] = {}
    for each in signed:
        if each.is_genuine is None:
            unknown.setdefault(each.signer, []).append(each.number)
        elif not each.is_genuine:
            message = f"the heads log: what it says of {each.head.session!r} was not signed with the key"
            found.append(AuditFinding(each.head.session, each.number, "heads", message))
    for signer, numbers in unknown.items():
        message = (
            f"the heads log: {len(numbers)} heads were signed with key {signer}, which is not known here; "
            "put it first into STRANDS_AUDIT_KEY, or into the file with the key"
        )
        found.append(AuditFinding("", numbers[0], "heads", message))
    return found


def _set_back(marked: int, sums: Sequence[str], path: str) -> AuditFinding:
    there = f"it has {len(sums)}" if len(sums) < marked else "the last of them is another one"
    message = (
        f"the heads log had {marked} lines, and {there}: it was cut, or the store was set back. "
        f"If you restored the store yourself, remove {path}"
    )
    return AuditFinding("", min(len(sums), marked), "set-back", message)
