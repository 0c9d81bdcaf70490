"""Who may answer a question, decided on what is on record and on the rules in force: the one gate for every answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from strands_cli.errors import AnswerError, ChangedQuestionError, InvalidAnswerError, NotEntitledError
from strands_cli.kernel import questions
from strands_cli.kernel.principal import Auth, Principal
from strands_cli.kernel.standing import (
    QuestionStanding,
    Vote,
    assign,
    choice_of,
    has_rights,
    in_force,
    is_same_person,
    is_written,
    names,
    once_each,
    own_names,
)
from strands_cli.kernel.state import State, overdue
from strands_cli.kernel.types import Entry
from strands_cli.kernel.within import BELOW
from strands_cli.types import Json

_DECISIONS = ("approval", "ambiguous_tool", "budget")
"""Questions about what agents do: no agent answers them, unless their author names it."""
_OF_AGENTS = ("mcp", "a2a")
"""Channels at whose end there may be an agent, whoever it says that it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is taken.

    Attributes:
        code: Why not: finished, not-open, expired, changed, invalid-answer, not-eligible, excluded, auth-too-weak,
            agent or claimed; "" where it is.
        message: That in words.
        hint: What to do.
        value: The answer to record.
        on_behalf: Whose right it is that was handed on; "" for a right of one's own.
    """

    code: str = ""
    message: str = ""
    hint: str = ""
    value: Json = None
    on_behalf: str = ""

    def error(self) -> AnswerError:
        """Return the error that says why the answer is not taken."""
        if self.code == "changed":
            return ChangedQuestionError(self.message, hint=self.hint)
        if self.code == "invalid-answer":
            return InvalidAnswerError(self.message, hint=self.hint)
        if self.code in ("finished", "not-open", "expired"):
            return AnswerError(self.message, hint=self.hint)
        return NotEntitledError(self.message, hint=self.hint, code=self.code)


def standing(
    state: State, key: str, now: float | None = None, rules: Mapping[str, Json] | None = None
) -> QuestionStanding:
    """Return how a question stands.

    Args:
        state: The fold of the whole journal.
        key: The question.
        now: Unix time in seconds, by the store's clock; with it, what was taken on for a time ends with that.
        rules: Who may answer; default: as is in force.
    """
    asked = state.asked[key]
    rights = in_force(state, asked) if rules is None else rules
    entries = state.on_questions.get(key, ())
    escalations = [entry for entry in entries if entry.kind == "escalated"]
    found = QuestionStanding(
        [rights.get("ask") or {}, *(entry.data["ask"] for entry in escalations if entry.data.get("ask"))],
        rights.get("quorum") or {},
        rights.get("delegate") or "eligible",
        level=len(escalations),
    )
    newest: dict[str, Vote] = {}
    for entry in entries:
        if entry.kind == "assigned":
            assign(found, entry)
        elif entry.kind == "voted":
            principal = Principal.from_dict(entry.data["principal"])
            for who in [who for who, vote in newest.items() if own_names(vote.principal) & own_names(principal)]:
                del newest[who]
            if refusal(state, asked, found, principal, entry.at) is None:
                data = entry.data
                newest[principal.who] = Vote(
                    data["value"], data.get("by", ""), principal, entry.at, entry.seq, data.get("on_behalf", "")
                )
    found.votes = once_each(newest.values())
    if found.assignee is not None and not found.assignee.holds(now):
        found.assignee = None
    return found


# -- the gate ---------------------------------------------------------------------------------------------------------


def admit(
    state: State,
    asked: Entry,
    principal: Principal,
    value: Json,
    *,
    now: float,
    shown: str | None = None,
    session_id: str,
) -> Verdict:
    """Return whether somebody's answer to a question is taken.

    Args:
        state: The fold of the whole journal; of a question without rights, what an answer has to see is enough.
        asked: The question.
        principal: Who answers.
        value: The answer.
        now: Unix time in seconds, by the store's clock.
        shown: The digest of the question as it was shown to them, where that is known.
        session_id: The session.
    """
    question = questions.opened(asked)
    if state.finished:
        return Verdict("finished", f"session {session_id!r} is {state.status}")
    if not state.is_open(asked.key):
        code = "expired" if asked.key in state.expired else "not-open"
        return Verdict(code, f"{asked.key!r} waits for no answer any more")
    if overdue(asked, now):
        return Verdict("expired", f"the deadline of {asked.key!r} has passed")
    if shown is not None:
        from strands_cli.kernel.shown import digest

        if shown != digest(session_id, asked):
            return Verdict(
                "changed",
                f"{asked.key!r} is not the question that was shown: it was changed or asked anew since",
                f"Look at it, then answer again: strands sessions questions {session_id}",
            )
    try:
        value = questions.checked(question, value)
    except InvalidAnswerError as error:
        return Verdict("invalid-answer", error.message, error.hint)
    here = standing(state, asked.key)
    if choice_of(asked, value) == "edit" and here.needed("edit") > 1 and not is_written(value):
        return Verdict(
            "invalid-answer",
            f"{asked.key!r} takes {here.needed('edit')} persons to change the call, and each has to say into what",
            'Write all arguments as one JSON object: edit: {"name": value}.',
        )
    refused = why_not(state, asked, principal, now=now, session_id=session_id)
    return replace(refused, value=value) if refused.code == "" else refused


def why_not(state: State, asked: Entry, principal: Principal, *, now: float, session_id: str) -> Verdict:
    """Return why somebody may not answer a question that is open, whatever they would say; code "" if they may."""
    here = standing(state, asked.key, now)
    refused = refusal(state, asked, here, principal, now)
    if refused is not None:
        return replace(refused, message=f"{principal.shown} may not answer {asked.key!r}: {refused.message}")
    taken = here.assignee
    is_kept = has_rights(in_force(state, asked)) and not here.is_collected
    if taken is not None and is_kept and not names(taken.to, principal):
        return Verdict(
            "claimed",
            f"{asked.key!r} is with {taken.to}",
            f"Take it over first: strands sessions claim {session_id} {asked.key}",
        )
    return Verdict(on_behalf=_delegator(state, asked, here, principal, now))


def refusal(
    state: State,
    asked: Entry,
    here: QuestionStanding,
    principal: Principal,
    at: float,
    seen: frozenset[str] = frozenset(),
) -> Verdict | None:
    """Return why somebody is not entitled by the rules in force; None where they are."""
    ask = here.asks[0]
    meant = any(_is_meant(each, principal) for each in here.asks)
    if not meant and not _delegator(state, asked, here, principal, at, seen):
        return Verdict("not-eligible", f"it is for {here.who}", _who_else(here, principal))
    reason = _excluded(state, asked, ask.get("exclude", ()), principal)
    if reason:
        return Verdict("excluded", reason, "It takes somebody else: the workflow asks for a second pair of eyes.")
    named = any(principal.id in each.get("users", ()) for each in here.asks)
    least = cast(Auth, ask.get("auth") or ("link" if (ask or here.is_collected) and not named else "asserted"))
    about_agents = asked.data.get("type") in _DECISIONS
    if about_agents and least == "asserted" and principal.via in _OF_AGENTS and not named:
        least = "link"
    if about_agents and principal.kind == "agent" and not named:
        return Verdict("agent", "an agent does not decide over what agents do", "A person has to answer it.")
    if not principal.is_known_by(least):
        known = f"who answers is known by {principal.auth} only, and it takes {least}"
        return Verdict("auth-too-weak", known, f"Answer it where you are known by {least}.")
    return None


def _who_else(here: QuestionStanding, principal: Principal) -> str:
    """Return what to do about a question that is for others; a user of this machine may be one of them, unknown."""
    hint = f"Somebody else has to answer it: {here.who}."
    if principal.person or not principal.id.startswith("user:os:"):
        return hint
    return f"{hint} If that is you, set STRANDS_PEOPLE to the people.yaml that has {principal.id!r} among your ids."


def _is_meant(ask: Mapping[str, Json], principal: Principal) -> bool:
    roles, users = ask.get("roles", ()), ask.get("users", ())
    if not roles and not users:
        return True
    return bool(principal.roles.intersection(roles)) or any(names(user, principal) for user in users)


def _delegator(
    state: State,
    asked: Entry,
    here: QuestionStanding,
    principal: Principal,
    at: float,
    seen: frozenset[str] = frozenset(),
) -> str:
    """Return whose right it is that was handed on, by however many, to somebody who has none; "" for nobody's."""
    if here.delegate != "anyone" or any(_is_meant(each, principal) for each in here.asks):
        return ""
    for who, given in here.handed.items():
        if who in seen or not given.holds(at) or not names(given.to, principal):
            continue
        seen_here = seen | {principal.who}
        if refusal(state, asked, here, given.principal, at, seen_here) is None:
            before = _delegator(state, asked, here, given.principal, at, seen_here)
            return before or given.principal.on_behalf or who
    return ""


def _excluded(state: State, asked: Entry, exclude: Iterable[str], principal: Principal) -> str:
    """Return why somebody is excluded, in words; "" where they are not."""
    for each in exclude:
        if each == "starter":
            started = [state.origin.get("principal"), _forked_by(state, asked)]
            if started == [None, None]:
                return "it is not on record who started the run, who may not answer"
            if any(each and is_same_person(Principal.from_dict(each), principal) for each in started):
                return "who started the run may not"
            continue
        steps = [f"{base}{each}" for base in _bases(state, asked)]
        for key in state.asked:
            if key != asked.key and any(_is_visit(step, key) for step in steps) and _took_part(state, key, principal):
                return f"who answered {key!r} may not"
    return ""


def _bases(state: State, asked: Entry) -> list[str]:
    """Return what the keys begin with of the steps that the author of a question's rules may have named.

    A workflow that a step runs names its own steps; a call in it may be asked about by the rules of those around it.
    """
    key, found = f"{asked.key.partition('/interrupts/')[0]}/", [""]
    parts = key.split("/")
    for number, part in enumerate(parts):
        begun = state.started.get("/".join(parts[:number])) if part == BELOW else None
        if begun is not None and "parts" in begun.data:
            found.append("".join(f"{each.partition('#')[0]}/" for each in parts[: number + 1]))
    return found if "interrupt" in asked.data else found[-1:]


def _forked_by(state: State, asked: Entry) -> Json:
    """Return who forked the session, which starts a run; of what was decided before that they are no starter."""
    origin, answered = state.origin.get("forked_from") or {}, state.answered.get(asked.key)
    copied = origin.get("entries", 0)
    is_before = state.count <= copied or (answered is not None and answered.seq <= copied)
    return None if is_before else origin.get("principal")


def _took_part(state: State, key: str, principal: Principal) -> bool:
    voted = [entry for entry in state.on_questions.get(key, ()) if entry.kind == "voted"]
    answered = state.answered.get(key)
    for entry in (*voted, *([answered] if answered is not None else [])):
        told: Any = entry.data.get("principal")
        if told is not None and (
            is_same_person(Principal.from_dict(told), principal) or entry.data.get("on_behalf") in own_names(principal)
        ):
            return True
        if told is None and entry.data.get("by") in (principal.name, principal.who, principal.id[8:]):
            return True  # as an earlier release recorded it, by the name alone
    return False


def _is_visit(step: str, key: str) -> bool:
    """Whether a question is one of a step: `steps/1` is asked as `steps/1#2` when it is come to again."""
    parts, asked = step.split("/"), [part.partition("#")[0] for part in key.split("/")]
    return len(parts) == len(asked) and all(a in ("*", b) for a, b in zip(parts, asked, strict=True))


def holds(state: State, key: str, rules: Mapping[str, Json]) -> bool:
    """Whether the answer to a question would be one by these rules, too: they may have been mended since it was given.

    What stands for an answer because nobody gave one in time does.
    """
    asked, answer = state.asked[key], state.answered[key]
    told = answer.data.get("principal")
    if not has_rights(rules) or answer.data.get("timed_out"):
        return True
    if told is None:
        return False
    here = standing(state, key, rules=rules)
    choice = choice_of(asked, answer.data["value"])
    if here.is_collected:
        agreeing = [vote for vote in here.votes if choice_of(asked, vote.value) == choice]
        if agreeing or here.needed(choice) > 1:
            return len(agreeing) >= here.needed(choice)
    return refusal(state, asked, here, Principal.from_dict(told), answer.at) is None


def eligible(state: State, asked: Entry, people: Iterable[Principal], *, now: float) -> Sequence[Principal]:
    """Return those of some people who may answer a question; of everybody who can, nobody: it is stranded."""
    here = standing(state, asked.key, now)
    return [each for each in people if refusal(state, asked, here, each, now) is None]
