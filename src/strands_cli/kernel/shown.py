"""A question as people are shown it, and the digest that an answer to it is bound to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import replace

from strands_cli.kernel import questions
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.types import RIGHTS, Json, OpenQuestion

_NOT_SHOWN = frozenset({"of", "timeout"})
_PREFIX = "q_"


def digest(session_id: str, asked: Entry) -> str:
    """Return the digest of a question: of all that it shows, asks and allows, and of where."""
    told = {name: value for name, value in asked.data.items() if name not in _NOT_SHOWN}
    text = json.dumps([session_id, asked.key, told], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def ref_of(session_id: str, key: str) -> str:
    """Return the reference of a question.

    Args:
        session_id: The session.
        key: The question's id in it.
    """
    told = base64.urlsafe_b64encode(f"{session_id}\0{key}".encode("utf-8", "surrogatepass"))
    return _PREFIX + told.decode("ascii").rstrip("=")


def session_and_key(ref: str) -> tuple[str, str]:
    """Return the session and the question's id that a reference stands for.

    Raises:
        ValueError: It is not a reference.
    """
    told = ref[len(_PREFIX) :]
    if not ref.startswith(_PREFIX):
        raise ValueError(f"{ref!r} is not a reference to a question")
    try:
        content = base64.b64decode(told + "=" * (-len(told) % 4), altchars=b"-_", validate=True)
        session_id, nul, key = content.decode("utf-8", "surrogatepass").partition("\0")
    except (binascii.Error, ValueError):
        raise ValueError(f"{ref!r} is not a reference to a question") from None
    if not nul or not session_id or ref != ref_of(session_id, key):
        raise ValueError(f"{ref!r} is not a reference to a question")
    return session_id, key


def numbers(state: State) -> dict[str, int]:
    """Return question id to its place in the order in which the session asked, from 1.

    A question that takes the id of one that a mended workflow has left gets a number of its own: no number is ever
    another question's. `state` has to be the fold of the whole journal.
    """
    return {key: number for number, key in enumerate(state.numbered, 1)}


def public(state: State, asked: Entry, session_id: str, now: float | None = None) -> OpenQuestion:
    """Return a question as people are shown it, with who may answer and what was done about it.

    Args:
        state: The fold of the journal.
        asked: The question.
        session_id: The session.
        now: Unix time in seconds, by the store's clock.
    """
    found = replace(
        questions.opened(asked),
        session=session_id,
        workflow=str(state.origin.get("workflow", "")),
        seq=asked.seq,
        shown=digest(session_id, asked),
        ref=ref_of(session_id, asked.key),
    )
    if "rights" not in state.origin and not state.on_questions and not any(map(asked.data.__contains__, RIGHTS)):
        return found
    from strands_cli.kernel.rights import standing
    from strands_cli.kernel.standing import in_force

    here, rights = standing(state, asked.key, now), in_force(state, asked)
    votes: list[dict[str, Json]] = []
    for vote in here.votes:
        told: dict[str, Json] = {"value": vote.value, "by": vote.by, "who": vote.principal.who}
        if for_whom := vote.on_behalf or vote.principal.on_behalf:
            told["on_behalf"] = for_whom
        votes.append({**told, "at": vote.at, "seq": vote.seq})
    return replace(
        found,
        ask=rights.get("ask"),
        quorum=rights.get("quorum"),
        delegate=rights.get("delegate", ""),
        votes=votes,
        assignee=here.assignee.to if here.assignee is not None else "",
        assigned_until=here.assignee.until if here.assignee is not None else None,
        escalated=here.level,
        who=here.who,
    )
