"""Questions as a calling program sees them: which it may bring an answer to, and what is said of the others."""

from __future__ import annotations

import shlex

from strands_cli.types import Json, OpenQuestion

_MOST_SHOWN = 20_000
"""Characters of what is being decided, in a text for a caller; a page shows all."""


def is_for_caller(question: OpenQuestion) -> bool:
    """Whether a calling program may bring the answer.

    It is a question of the workflow itself, and its author asks nobody in particular. What an agent of the workflow may
    do, spend or repeat is decided by a person who is known, never by another agent.
    """
    return question.kind == "hitl" and not question.ask and not question.quorum


def text_of(question: OpenQuestion) -> str:
    """Return what is asked, with what there is to see."""
    context = question.context or ""
    if len(context) > _MOST_SHOWN:
        context = f"{context[:_MOST_SHOWN]}\n[{len(context) - _MOST_SHOWN} more characters]"
    return f"{question.prompt}\n\n{context}" if context else question.prompt


def page_of(url: str, question: OpenQuestion) -> str:
    """Return the address at which a person answers, or "" where there is no server for that."""
    return f"{url.rstrip('/')}/q/{question.ref}" if url else ""


def way_to_answer(url: str, session_id: str, question: OpenQuestion) -> str:
    """Return how a person answers a question that a caller may not."""
    page = page_of(url, question)
    if page:
        return f"A person answers at {page}"
    return f"A person answers with: strands sessions answer {session_id} --answer {shlex.quote(question.id)}=VALUE"


def told_of(url: str, session_id: str, question: OpenQuestion) -> dict[str, Json]:
    """Return what a caller is told of a question, as plain JSON values."""
    told: dict[str, Json] = {
        "id": question.id,
        "session": session_id,
        "kind": question.kind,
        "prompt": question.prompt,
        "context": question.context,
        "choices": list(question.choices) if question.choices else None,
        "schema": question.schema,
        "deadline": question.deadline,
        "answered_by": "the caller" if is_for_caller(question) else "a person",
        "shown": question.shown,
        "url": page_of(url, question) or None,
        "how": None if is_for_caller(question) else way_to_answer(url, session_id, question),
    }
    return {name: value for name, value in told.items() if value is not None}
