"""Approvals that hold in every session of a store: who gave them, for what, and for how long; each can be revoked.

They are entries of a journal of the store's own, by compare-and-append, so two who decide at the same time both count.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from strands.journal.beside import beside
from strands.journal.entries import Draft
from strands.journal.excerpt import answer_by_all
from strands_cli.errors import AnswerError
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.journal.protocol import Journal
    from strands_cli.kernel.principal import Principal
    from strands_cli.kernel.types import Entry
    from strands_cli.session.repository import SessionRepository

NAME = "approvals"
"""The journal that they are kept in."""


class ApprovalNotFoundError(AnswerError):
    """No such approval is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a person has decided on a tool's calls by an agent, in every session of a store.

    Attributes:
        workflow: The workflow's name.
        agent: The agent's id.
        tool: The tool's name.
        basis: The hash of what the tool is: of another one of its name nothing was decided.
        digest: The hash of the only arguments that it is about; "" for all.
        by: Who decided, as people are shown.
        principal: What is known of them.
        at: Unix time, in seconds, at which they did.
        until: Unix time, in seconds, from which on it does not hold; None for no end.
        session: The session in which they were asked.
        question: The question's id.
        rights: Who could answer it: where somebody else has to be asked by now, it does not count.
    """

    workflow: str
    agent: str
    tool: str
    basis: str
    digest: str
    by: str
    principal: dict[str, Json]
    at: float
    until: float | None
    session: str
    question: str
    rights: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedApproval(Decided):
    """An approval of a tool's calls by an agent, in every session of a store.

    Attributes:
        id: Names it.
        ended: Why it does not hold any more: revoked, rejected; "" while it does.
        ended_by: Who ended it.
        ended_at: Unix time in seconds; 0 while it holds.
    """

    id: str
    ended: str = ""
    ended_by: str = ""
    ended_at: float = 0.0

    def holds(self, now: float) -> bool:
        """Whether it counts at a Unix time, in seconds."""
        return not self.ended and (self.until is None or now < self.until)

    def to_dict(self, now: float) -> dict[str, Json]:
        """Return it as plain JSON values, with its state: active, expired, revoked or rejected."""
        names = ("id", "workflow", "agent", "tool", "by", "at", "until", "session", "question")
        told = {name: getattr(self, name) for name in names}
        told["scope"] = "exact" if self.digest else "always"
        told["state"] = self.ended or ("active" if self.holds(now) else "expired")
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Decided):
    """What a person has said to an approval that reaches beyond its session.

    Attributes:
        approves: Yes or no.
    """

    approves: bool

    @property
    def id(self) -> str:
        """What the same decision always has, whoever records it."""
        told = f"{self.session}\0{self.question}\0{self.at!r}"
        return f"a-{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"

    def draft(self, at: float) -> Draft:
        """Return the entry that records it."""
        data = {each.name: getattr(self, each.name) for each in fields(Decided) if each.name != "at"}
        kind = "remembered" if self.approves else "rejected"
        return Draft(kind, self.id, {**data, "decided_at": self.at}, at)


class RememberedApprovals:
    """The approvals that a store remembers.

    Args:
        store: The store.
    """

    def __init__(self, store: SessionRepository) -> None:
        self._store = store
        self._journal: Journal | None = None
        self._entries: list[Entry] = []
        self._folded: list[RememberedApproval] | None = None

    async def all(self) -> list[RememberedApproval]:
        """Return all that were ever remembered, the oldest first.

        Raises:
            StorageError: The store cannot be read.
        """
        if self._journal is None:
            self._journal = await beside(self._store, NAME)
        if self._journal is None:
            return []
        known = len(self._entries)
        newer = await self._journal.tail(known) if known else await self._journal.load()
        newer = newer[len(self._entries) - known :]  # without what another call has read meanwhile
        if newer or self._folded is None:
            self._entries += newer
            self._folded = fold(self._entries)
        return self._folded

    async def keep(self, decisions: Iterable[Decision]) -> None:
        """Record decisions, durably; those that are on record are left out.

        Raises:
            StorageError: It could not be written.
        """
        meant = list(decisions)
        if not meant:
            return
        at = time.time()
        journal = await beside(self._store, NAME, Draft("opened", "", {"format": 1, "about": NAME}, at))
        if journal is not None:
            await answer_by_all(
                journal,
                lambda there: [
                    each.draft(at) for each in meant if all(entry.key != each.id for entry in there.entries)
                ],
            )

    async def revoke(self, approval_id: str, principal: Principal) -> RememberedApproval:
        """End an approval: the next call that it would have let through is asked about.

        Args:
            approval_id: Its id, or how that alone begins.
            principal: Who revokes it.

        Raises:
            ApprovalNotFoundError: There is none, or it has ended already.
        """
        found = [each for each in await self.all() if each.id.startswith(approval_id)] if approval_id else []
        if len(found) != 1 or found[0].ended:
            cause = f"{len(found)} approvals have ids that begin with {approval_id!r}"
            if len(found) < 2:
                cause = (
                    f"{found[0].id} was {found[0].ended} already"
                    if found
                    else f"no approval {approval_id!r} is remembered"
                )
            raise ApprovalNotFoundError(cause, hint="List them: strands approvals list --all.")
        assert self._journal is not None
        data = {"by": principal.shown, "principal": principal.to_dict()}
        draft = Draft("revoked", found[0].id, data, time.time())
        await answer_by_all(
            self._journal,
            lambda there: [] if any((entry.kind, entry.key) == draft[:2] for entry in there.entries) else [draft],
        )
        return next(each for each in await self.all() if each.id == found[0].id)


def fold(entries: Sequence[Entry]) -> list[RememberedApproval]:
    """Return what the entries of the journal come to: the approvals, and what has ended them."""
    known: dict[str, RememberedApproval] = {}
    rejections: list[tuple[Any, float]] = []
    for entry in entries:
        data = entry.data
        if entry.kind == "remembered":
            given = {name: value for name, value in data.items() if name != "decided_at"}
            known.setdefault(entry.key, RememberedApproval(id=entry.key, at=data["decided_at"], **given))
        elif entry.kind == "rejected":
            rejections.append((data, data["decided_at"]))
        elif entry.kind == "revoked" and entry.key in known and not known[entry.key].ended:
            known[entry.key] = replace(known[entry.key], ended="revoked", ended_by=data["by"], ended_at=entry.at)
    return [_without_rejected(each, rejections) for each in known.values()]


def _without_rejected(approval: RememberedApproval, rejections: Sequence[tuple[Any, float]]) -> RememberedApproval:
    """A rejection ends what was approved before it: of all the tool's calls, or of this very one."""
    if approval.ended:
        return approval
    for data, at in rejections:
        same = all(getattr(approval, name) == data[name] for name in ("workflow", "agent", "tool"))
        if same and at >= approval.at and approval.digest in ("", data["digest"]):
            return replace(approval, ended="rejected", ended_by=data["by"], ended_at=at)
    return approval
