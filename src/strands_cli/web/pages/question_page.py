"""The page of a question: what is asked with all of its context, who may answer, and the form to do so."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.errors import AlreadyAnsweredError, AnswerError, StrandsError
from strands_cli.forms import FormAnswerError, form_of, read
from strands_cli.forms.of_question import call_of
from strands_cli.inbox.errors import OutdatedQuestionError, QuestionClosedError
from strands_cli.inbox.views import InboxQuestion
from strands_cli.kernel.principal import Principal
from strands_cli.web.pages.beside import beside_of
from strands_cli.web.pages.shown import changes
from strands_cli.web.pages.standing import standing_of
from strands_cli.web.pages.views import PageRoute, Pages, fields, to

_LONGEST_REASON = 2_000
_NOT_DONE = {"claim": "Not claimed", "release": "Not given back", "delegate": "Not handed on"}


def question_router(pages: Pages) -> APIRouter:
    """Return the routes of questions."""
    router = APIRouter(route_class=PageRoute)

    @router.get("/q/{ref}")
    async def question(request: Request, ref: str) -> Response:
        principal, found = await _found(pages, request, ref, "questions:read")
        return await _page(pages, request, principal, found)

    @router.post("/q/{ref}")
    async def answer(request: Request, ref: str) -> Response:
        principal, found = await _found(pages, request, ref, "questions:answer")
        given = await pages.form(request, "answer", ref)
        return await _answered(pages, request, principal, found, given)

    @router.post("/q/{ref}/{action}")
    async def act(request: Request, ref: str, action: str) -> Response:
        principal, _ = await _found(pages, request, ref, "questions:answer")
        given = await pages.form(request, action, ref)
        if action not in _NOT_DONE:
            return to(request, f"/q/{ref}")
        try:
            if action == "claim":
                await pages.inbox.claim(ref, principal)
            elif action == "release":
                await pages.inbox.release(ref, principal)
            elif not _text(given, "to"):
                raise AnswerError("nobody was chosen", hint="Choose whom to hand it to.")
            else:
                why = _text(given, "why")[:_LONGEST_REASON]
                await pages.inbox.delegate(ref, principal, _text(given, "to"), why=why)
        except StrandsError as error:
            found = await pages.inbox.question(ref, principal)
            return await _page(pages, request, principal, found, status=409, notice=error, title=_NOT_DONE[action])
        return to(request, f"/q/{ref}")

    return router


async def _found(pages: Pages, request: Request, ref: str, scope: str) -> tuple[Principal, InboxQuestion]:
    """Return who looks, and a question that they are shown."""
    principal = pages.who(request, scope)
    found = await pages.inbox.question(ref, principal)
    pages.who(request, scope, workflow=found.workflow)
    return principal, found


async def _answered(
    pages: Pages, request: Request, principal: Principal, found: InboxQuestion, given: Mapping[str, Any]
) -> Response:
    """Record an answer, or say why not; what was filled in is shown again."""
    again: dict[str, Any] = {"given": given}
    form, shown, reason = form_of(found.question), _text(given, "shown"), _text(given, "note")
    try:
        if not found.is_open:
            return await _page(pages, request, principal, found, status=409, notice=_closed(found))
        value = read(form, fields(given))
        await pages.inbox.answer(
            found.ref,
            value,
            principal,
            shown=shown or None,
            request=_text(given, "request") or None,
            reason=reason[:_LONGEST_REASON] or None,
        )
    except FormAnswerError as error:
        return await _page(pages, request, principal, found, status=422, problems=error.problems, **again)
    except OutdatedQuestionError as error:
        return await _page(pages, request, principal, error.question, status=412, notice=error, **again)
    except QuestionClosedError as error:
        return await _page(pages, request, principal, error.question, status=410, notice=error)
    except AlreadyAnsweredError as error:
        now = await pages.inbox.question(found.ref, principal)
        return await _page(pages, request, principal, now, status=409, notice=error)
    except AnswerError as error:
        now = await pages.inbox.question(found.ref, principal)
        return await _page(pages, request, principal, now, status=422, notice=error, **again)
    return to(request, f"/q/{found.ref}?done=1")


async def _page(
    pages: Pages,
    request: Request,
    principal: Principal,
    found: InboxQuestion,
    *,
    status: int = 200,
    notice: StrandsError | None = None,
    problems: Mapping[str, str] | None = None,
    given: Mapping[str, Any] | None = None,
    title: str = "Not recorded",
) -> Response:
    done = request.query_params.get("done") == "1"
    return await pages.page(
        request,
        "question.html",
        principal,
        status=status,
        **about(found, notice=notice, problems=problems, given=given, done=done),
        beside=beside_of(await pages.inbox.on_record(found.ref), pages.inbox.people, principal),
        answer_to=f"/q/{found.ref}",
        request_id=secrets.token_hex(8),
        title=title,
    )


def about(
    found: InboxQuestion,
    *,
    notice: StrandsError | None,
    problems: Mapping[str, str] | None,
    given: Mapping[str, Any] | None,
    done: bool,
) -> dict[str, Any]:
    """Return what the page of a question shows of it.

    Args:
        found: The question.
        notice: Why something was not done.
        problems: What is wrong with the form that was sent, by field.
        given: What was filled in, to be shown again.
        done: Whether an answer was just recorded.
    """
    reason = _reason(found)
    return {
        "found": found,
        "question": found.question,
        "form": form_of(found.question),
        "call": call_of(found.question),
        "standing": standing_of(found),
        "reason": reason,
        "changed": _changed(reason),
        "notice": notice,
        "problems": dict(problems or {}),
        "given": given,
        "done": done,
        "is_open": found.is_open,
    }


def _reason(found: InboxQuestion) -> Mapping[str, Any]:
    """Return what the question's gate says of the call that it is about."""
    reason = (found.question.data.get("interrupt") or {}).get("reason")
    return reason if isinstance(reason, Mapping) else {}


def _changed(reason: Mapping[str, Any]) -> list[Any]:
    """Return what differs between the call that was answered before and the one that it became, if it did."""
    now = reason.get("changed")
    return list(changes(reason.get("input"), now.get("input"))) if isinstance(now, Mapping) else []


def _closed(found: InboxQuestion) -> StrandsError:
    if found.answer is not None:
        return AlreadyAnsweredError(
            f"this was already answered by {found.answer.get('by') or 'somebody'}",
            hint="That answer stands; yours was not recorded.",
            question=found.question,
        )
    return AnswerError(f"this question is {found.status}", hint="Your answer was not recorded.")


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    return value.strip() if isinstance(value, str) else ""
