"""Every answer once more: whether who gave it was entitled by the rules in force then, and to what was shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from strands_cli.audit.findings import AuditFinding, Rule
from strands_cli.audit.mended_rights import rights_changes
from strands_cli.kernel import rights
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.standing import QuestionStanding, choice_of, has_rights, in_force
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry

_CLOCKS = 300.0
"""Seconds by which the clock of who writes may differ from the store's, which decides of deadlines."""

_RULES: dict[str, Rule] = {"changed": "shown", "finished": "after-end", "not-open": "after-end", "expired": "after-end"}
_SCRUBBED = "[secret "


class AnswerReplay:
    """A session, entry by entry.

    Args:
        session_id: The session.
        is_redacted: Something said in it was taken out, so what was shown cannot be worked out any more.
    """

    def __init__(self, session_id: str, *, is_redacted: bool = False) -> None:
        self._id = session_id
        self._is_redacted = is_redacted
        self._copied: float = 0
        self.state: State = State()

    def findings(self, entries: Sequence[Entry]) -> Iterator[AuditFinding]:
        """Yield what does not hold."""
        for entry in entries:
            if entry.kind == "opened" and "forked_from" in entry.data:
                self._copied = entry.data["forked_from"].get("entries", math.inf)
            elif entry.kind == "leased":
                self._copied = min(self._copied, entry.seq)
            if entry.kind in ("leased", "voted", "answered"):
                yield from self._of_mended(entry)
            if entry.kind in ("voted", "answered"):
                yield from self._of_answer(entry)
            self.state.apply(entry)

    def _of_mended(self, entry: Entry) -> Iterator[AuditFinding]:
        """Tell of changed rights; an answer is looked at by those that it was taken by."""
        for change in rights_changes(self.state, entry):
            by = entry.data.get("by") or "somebody"
            yield AuditFinding(self._id, entry.seq, "rights-changed", f"{change} (by {by})")
            if entry.kind != "leased":
                known = self.state.origin.get("rights") or {}
                self.state.origin = {**self.state.origin, "rights": {**known, change.question: change.after}}

    def _of_answer(self, entry: Entry) -> Iterator[AuditFinding]:
        data, asked = entry.data, self.state.asked.get(entry.key)
        if asked is None:
            yield self._found(entry, "after-end", "it answers what nobody had asked")
        elif data.get("timed_out"):
            if "default" not in asked.data or data.get("value") != asked.data["default"]:
                yield self._found(entry, "default", "nobody answered, and this is not the default of the question")
        elif "principal" in data:
            yield from self._of_principal(entry, asked, Principal.from_dict(data["principal"]))
        elif has_rights(in_force(self.state, asked)):
            yield self._found(entry, "principal", "it is not on record who answered, and not everybody may")

    def _of_principal(self, entry: Entry, asked: Entry, principal: Principal) -> Iterator[AuditFinding]:
        here, votes = rights.standing(self.state, asked.key), entry.data.get("votes")
        if entry.kind == "answered" and here.is_collected:
            if not self._is_copied(entry):  # the votes are in the session that was copied
                yield from self._of_votes(entry, asked, here, votes or ())
            return
        shown = None if self._is_elsewhere(entry) else entry.data.get("shown")
        deadline = asked.data.get("deadline")
        now = entry.at
        if deadline is not None and now - _CLOCKS < deadline <= now:
            now = deadline - 0.001
        verdict = rights.admit(
            self.state, asked, principal, entry.data.get("value"), now=now, shown=shown, session_id=self._id
        )
        if verdict.code == "invalid-answer" and _SCRUBBED in str(entry.data.get("value")):
            return  # a secret in it was not recorded
        if verdict.code:
            yield self._found(entry, _RULES.get(verdict.code, "rights"), f"{verdict.code}: {verdict.message}")

    def _of_votes(
        self, entry: Entry, asked: Entry, here: QuestionStanding, votes: Sequence[int]
    ) -> Iterator[AuditFinding]:
        choice = choice_of(asked, entry.data.get("value"))
        needed = here.needed(choice)
        agreeing = {vote.seq for vote in here.votes if choice_of(asked, vote.value) == choice}
        counted = agreeing.intersection(votes)
        if len(counted) < needed:
            yield self._found(
                entry, "votes", f"{choice!r} takes {needed} persons, and {len(counted)} of them are there"
            )

    def _is_copied(self, entry: Entry) -> bool:
        """Whether an entry was recorded in the session that this one is a fork of."""
        return entry.seq <= self._copied

    def _is_elsewhere(self, entry: Entry) -> bool:
        """Whether the answer was given to a question of another session or another key."""
        return self._is_copied(entry) or self._is_redacted or "carried" in entry.data

    def _found(self, entry: Entry, rule: Rule, message: str) -> AuditFinding:
        who: Any = entry.data.get("by") or ""
        said = f"{entry.kind} {entry.key}" + (f" by {who}" if who else "")
        return AuditFinding(self._id, entry.seq, rule, f"{said}: {message}")
