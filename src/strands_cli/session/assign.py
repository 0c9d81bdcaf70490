"""Taking a question on, giving it back, and handing it to somebody else: on record, and decided under the append."""

from __future__ import annotations

import time
from dataclasses import replace

from strands.journal.excerpt import Excerpt, answer_by_all
from strands_cli.errors import AnswerError, NotEntitledError
from strands_cli.kernel import rights
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.standing import CLAIM_SECONDS, QuestionStanding, in_force, names
from strands_cli.kernel.state import State, overdue
from strands_cli.kernel.types import Draft, Entry
from strands_cli.resources.redaction import secret_free_drafts
from strands_cli.session.answers import asked_of, closed
from strands_cli.types import Json


async def assign(
    journal: Journal,
    key: str,
    to: str | Principal,
    *,
    principal: Principal,
    why: str = "",
    until: float | None = None,
    now: float | None = None,
) -> list[Entry]:
    """Record durably with whom a question is from now on. Done already, it is a success, and nothing is recorded.

    Args:
        journal: The session's journal.
        key: The question.
        to: Whom it is left to: who does this takes it on; "" gives it back. Of a text, only the name or id is known:
            where roles decide who may answer, give the principal.
        principal: Who does this.
        why: Why, for the record.
        until: Unix time, in seconds, at which that ends; default: for who takes it on, half an hour, else no end.
        now: Unix time in seconds; default: the store's clock.

    Returns:
        The entries that were written.

    Raises:
        NotEntitledError: Who does this may not answer the question, or not hand it on, or not to that one.
        AlreadyAnsweredError: Somebody has answered it.
        SessionFinishedError: Nothing is asked any more.
        AnswerError: There is no such question, or its deadline has passed.
    """
    assigning = _Assigning(journal.session_id, key, to, principal, why, until)
    return await answer_by_all(journal, lambda there: assigning.drafts(there, now), now=now)


_NO_PEOPLE = ("mcp:", "a2a:", "system:", "handler:", "link:")
"""What ids begin with that are of programs, or of one answer alone."""


class _Assigning:
    """One change of with whom a question is."""

    def __init__(
        self, session_id: str, key: str, to: str | Principal, principal: Principal, why: str, until: float | None
    ) -> None:
        self._session_id = session_id
        self._key = key
        self._to = to
        self._principal = principal
        self._why = why
        self._until = until

    def drafts(self, there: Excerpt, told: float | None) -> list[Draft]:
        """Return what to append to a session of which this is on record."""
        state, now = State(there.entries), there.now
        asked = asked_of(self._session_id, state, self._key)
        if state.finished or not state.is_open(self._key) or overdue(asked, now):
            raise closed(self._session_id, state, asked)
        here = rights.standing(state, self._key, now)
        to = self._to.who if isinstance(self._to, Principal) else self._to
        claims = bool(to) and names(to, self._principal)
        if not to:
            if not self._gives_back(here):
                return []
        else:
            self._check_entitled(state, asked, now)
            self._check_said(to, here, now)
            if not claims:
                self._check_handed(state, asked, here, now)
        until = self._until if self._until is not None or not claims else now + CLAIM_SECONDS
        taken = here.assignee
        is_same = bool(to) and taken is not None and taken.to == to and self._until is None
        if is_same and taken is not None and not (claims and taken.until and taken.until - now < CLAIM_SECONDS / 2):
            return []
        data: dict[str, Json] = {"to": to, "by": self._principal.shown, "principal": self._principal.to_dict()}
        data.update({name: value for name, value in (("why", self._why), ("until", until)) if value})
        at = time.time() if told is None else told
        return secret_free_drafts([Draft("assigned", self._key, data, at)], state.origin)

    def _gives_back(self, here: QuestionStanding) -> bool:
        """Whether there is anything to give back: what they have, or what they handed on.

        Raises:
            NotEntitledError: It is with somebody else.
        """
        taken, who = here.assignee, self._principal
        if who.who in here.handed or (taken is not None and names(taken.to, who)):
            return True
        if taken is None:
            return False
        raise NotEntitledError(
            f"{self._key!r} is with {taken.to}, so {who.shown} cannot give it back",
            hint=f"Take it over instead: strands sessions claim {self._session_id} {self._key}",
            code="claimed",
        )

    def _check_entitled(self, state: State, asked: Entry, now: float) -> None:
        refused = rights.why_not(state, asked, self._principal, now=now, session_id=self._session_id)
        if refused.code not in ("", "claimed"):
            raise refused.error()

    def _check_said(self, to: str, here: QuestionStanding, now: float) -> None:
        """Check that it is left to somebody, and for some time: else it would be with nobody who can answer it."""
        named = any(to in ask.get("users", ()) for ask in here.asks)
        if not to.isprintable() or to != to.strip() or (to.startswith(_NO_PEOPLE) and not named):
            raise AnswerError(
                f"{self._key!r} cannot be handed to {to!r}: that is no person",
                hint="Name a person of people.yaml, or give an id, as user:os:anna.",
            )
        if self._until is not None and self._until <= now:
            raise AnswerError(
                f"{self._key!r} cannot be left to {to} until a time that has passed", hint="Give a later."
            )

    def _check_handed(self, state: State, asked: Entry, here: QuestionStanding, now: float) -> None:
        if here.delegate == "never":
            raise NotEntitledError(
                f"{self._key!r} is handed on to nobody: its author lets it stay with who may answer",
                hint=f"Who may answer: {here.who}.",
            )
        to = self._to if isinstance(self._to, Principal) else _known_by_name(self._to)
        if here.delegate == "anyone":
            ask = {**(in_force(state, asked).get("ask") or {}), "roles": [], "users": []}
            here = replace(here, asks=[ask])
        refused = rights.refusal(state, asked, here, replace(to, auth="login"), now)
        if refused is None:
            return
        roles = any(ask.get("roles") for ask in here.asks) and not isinstance(self._to, Principal)
        raise NotEntitledError(
            f"{self._key!r} cannot be handed to {to.shown}: {refused.message}",
            hint=f"Which roles {to.shown} has is not known here." if roles else refused.hint,
            code=refused.code,
        )


def _known_by_name(to: str) -> Principal:
    return Principal(to, to) if ":" in to else Principal(f"user:os:{to}", to, person=to)
