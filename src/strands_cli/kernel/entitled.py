"""Whom a handler asks: whether they may answer, and what is recorded of what they say."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from strands_cli.kernel import questions, rights, votes
from strands_cli.kernel.handlers import answerer, call_handler, channel_of, patient
from strands_cli.kernel.principal import Principal
from strands_cli.types import AnswerLater, HITLHandler, Json, OpenQuestion

if TYPE_CHECKING:
    from strands_cli.kernel.clock import Clock, StoreClock
    from strands_cli.kernel.journal import Journal
    from strands_cli.kernel.state import State
    from strands_cli.kernel.types import Draft

logger: logging.Logger = logging.getLogger(__name__)


class _Asking(Protocol):
    """What it takes to ask: a run."""

    journal: Journal
    state: State
    clock: Clock
    store_clock: StoreClock


def drafts(run: _Asking, key: str, value: Json, principal: Principal, channel: str) -> list[Draft]:
    """Return what to append of an answer; nothing where somebody was first, or the deadline.

    Raises:
        InvalidAnswerError: It does not fit the question.
        NotEntitledError: Who gives it may not.
    """
    asked, now = run.state.asked[key], run.store_clock.about()
    verdict = rights.admit(run.state, asked, principal, value, now=now, session_id=run.journal.session_id)
    if verdict.code in ("finished", "not-open", "expired"):
        return []
    if verdict.code:
        raise verdict.error()
    how = {"by": principal.shown, "channel": channel}
    return votes.drafts(run.state, asked, principal, verdict, how, at=run.clock.now())


async def check(run: _Asking, handler: HITLHandler | None, question: OpenQuestion) -> None:
    """Leave a question open that is not for whom a handler asks.

    Raises:
        AnswerLater: It is not.
    """
    asked, now = run.state.asked[question.id], run.store_clock.about()
    who, id_ = answerer(handler), run.journal.session_id
    refused = rights.why_not(run.state, asked, who, now=now, session_id=id_)
    if refused.code:
        await tell(handler, question, refused.message, refused.hint)
    here = rights.standing(run.state, question.id, now)
    if channel_of(handler) == "terminal" and any(vote.principal.who == who.who for vote in here.votes):
        raise AnswerLater  # they have said so, and others have to


async def tell(handler: HITLHandler | None, question: OpenQuestion, why: str, hint: str = "") -> None:
    """Show a question to somebody who may not answer it, where a terminal can; then it stays open.

    Raises:
        AnswerLater: Always.
    """
    if handler is not None and patient(handler):
        await call_handler(handler, questions.handler_state(question, refusal=f"{why}. {hint}" if hint else why))
    else:
        logger.warning("%s; it stays open", why)
    raise AnswerLater
