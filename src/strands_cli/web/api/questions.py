"""Questions over REST: listed, shown, answered, claimed, handed on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from strands_cli.errors import AlreadyAnsweredError, StrandsError
from strands_cli.inbox.inbox import MUST_BE_SHOWN, Answered, Inbox, InboxQuestion
from strands_cli.kernel.principal import Principal
from strands_cli.types import Json
from strands_cli.web.api.base import (
    REF,
    BodyModel,
    Cursor,
    Limit,
    PageModel,
    Ref,
    ReplyModel,
    RequestId,
    if_match,
    link_next,
    tell_replayed,
)
from strands_cli.web.auth import Auth
from strands_cli.web.openapi import problems
from strands_cli.web.problems import HttpProblem, problem_of

_MOST_ANSWERS = 100


class QuestionModel(ReplyModel):
    """A question of a session, with where it stands."""

    ref: str = Field(description="Names it in URLs.")
    id: str = Field(description="Its id in its session.")
    session: str = Field(description="Its session.")
    workflow: str = Field(description="The session's workflow.")
    seq: int = Field(description="The number of the entry that asks it.")
    shown: str = Field(description="The digest of what is asked: the ETag.")
    status: Literal["open", "claimed", "answered", "expired", "withdrawn"] = Field(description="Where it stands.")
    kind: str = Field(description="What asks: hitl, interrupt, approval, ambiguous_tool, budget, elicitation.")
    prompt: str = Field(description="What is asked.")
    context: str | None = Field(None, description="What the person needs to see.")
    choices: list[str] | None = Field(None, description="The allowed answers, or null for any.")
    asked_at: float | None = Field(None, description="Unix time in seconds.")
    deadline: float | None = Field(None, description="Unix time, in seconds, at which it expires, or null.")
    answer: dict[str, Any] | None = Field(None, description="The answer: value, by, at, channel, reason.")
    may: dict[str, Any] | None = Field(None, description="Why whoever asks may not answer, or null if they may.")


class QuestionPage(PageModel):
    """Questions."""

    items: list[QuestionModel]


class AnswerBody(BodyModel):
    """An answer."""

    value: Any = Field(description="The answer: text, or what the question's schema says.")
    reason: str | None = Field(None, max_length=10_000, description="Why, for the record.")


class BulkAnswer(AnswerBody):
    """One of several answers."""

    ref: str = Field(pattern=REF, description="The question.")
    shown: str | None = Field(None, max_length=200, description="The digest of what was shown.")


class BulkBody(BodyModel):
    """Several answers; each is taken or not by itself."""

    items: list[BulkAnswer] = Field(min_length=1, max_length=_MOST_ANSWERS)


class AnsweredModel(ReplyModel):
    """What an answer came to."""

    question: QuestionModel
    session: dict[str, Any] = Field(description="The session's id and how it stands.")


class DelegateBody(BodyModel):
    """To whom a question is handed."""

    to: str = Field(min_length=1, max_length=500, description="The person.")
    why: str = Field("", max_length=10_000, description="Why, for the record.")
    until: float | None = Field(None, description="Unix time, in seconds, after which it is nobody's again.")


Shown = Annotated[
    str | None, Header(alias="If-Match", max_length=300, description="What was shown: required to approve.")
]


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    """Add the routes of questions."""
    _add_reading(router, inbox, auth)
    _add_answering(router, inbox, auth)
    _add_assigning(router, inbox, auth)


def _add_reading(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    @router.get("/questions", operation_id="listQuestions", response_model=QuestionPage, responses=problems())
    async def list_questions(
        request: Request,
        response: Response,
        state: Literal["open", "stranded", "answered", "expired", "withdrawn"] = "open",
        mine: bool = False,
        workflow: Annotated[str, Query(max_length=200)] = "",
        kind: Literal["", "hitl", "interrupt", "approval", "ambiguous_tool", "budget", "elicitation"] = "",
        due_before: Annotated[float | None, Query(ge=0, le=1e12)] = None,
        q: Annotated[str, Query(max_length=200)] = "",
        sort: Literal["asked", "due"] = "asked",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> dict[str, Any]:
        """List questions of all sessions, page by page."""
        principal = auth.require(request, "questions:read", workflow=workflow)
        page = await inbox.questions(
            principal, state=state, mine=mine, workflow=workflow, kind=kind, due_before=due_before, q=q,
            sort=sort, limit=limit, after=cursor,
        )  # fmt: skip
        items = [each.to_dict() for each in page.items if auth.sees(request, each.workflow)]
        return {"items": items, "next": link_next(request, response, page.after)}

    @router.get("/questions/{ref}", operation_id="getQuestion", response_model=QuestionModel, responses=problems(404))
    async def get_question(request: Request, response: Response, ref: Ref) -> dict[str, Any]:
        """Show a question; its ETag is what an answer sends back in If-Match."""
        view = await _seen(request, inbox, auth, ref, "questions:read")
        response.headers["ETag"] = f'"{view.shown}"'
        return view.to_dict()


def _add_answering(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    @router.post(
        "/questions/{ref}/answer",
        operation_id="answerQuestion",
        status_code=202,
        response_model=AnsweredModel,
        responses={
            200: {"model": AnsweredModel, "description": "The same answer was on record already."},
            **problems(403, 404, 409, 410, 412, 413, 415, 422, 428),
        },
    )
    async def answer_question(
        request: Request, response: Response, ref: Ref, body: AnswerBody, shown: Shown = None, key: RequestId = None
    ) -> dict[str, Any]:
        """Answer a question; its session goes on by itself."""
        view = await _seen(request, inbox, auth, ref, "questions:answer")
        principal = auth.require(request, "questions:answer", workflow=view.workflow)
        check_shown(view, if_match(shown))
        found = await answered(inbox, ref, body, principal, shown=if_match(shown), request=key)
        if found.replayed:
            tell_replayed(response)
        response.headers["ETag"] = f'"{found.question.shown}"'
        return _told(found)

    @router.post("/answers", operation_id="answerQuestions", status_code=207, responses=problems(413, 415))
    async def answer_questions(request: Request, body: BulkBody, key: RequestId = None) -> dict[str, Any]:
        """Answer several questions: each is taken or not by itself, and the results are in the order of the items."""
        auth.require(request, "questions:answer")
        results = []
        for number, item in enumerate(body.items):
            try:
                view = await _seen(request, inbox, auth, item.ref, "questions:answer")
                principal = auth.require(request, "questions:answer", workflow=view.workflow)
                check_shown(view, item.shown)
                id_ = None if key is None else f"{key}.{number}"
                found = await answered(inbox, item.ref, item, principal, shown=item.shown, request=id_)
                results.append({"ref": item.ref, "status": 200 if found.replayed else 202, **_told(found)})
            except (StrandsError, HttpProblem) as error:
                problem = problem_of(error)
                results.append({"ref": item.ref, "status": problem.status, "problem": problem.members})
        return {"items": results}


def _add_assigning(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    told: dict[str, Any] = {"response_model": QuestionModel, "responses": problems(403, 404, 409, 410)}
    with_body: dict[str, Any] = {**told, "responses": problems(403, 404, 409, 410, 413, 415)}

    @router.post("/questions/{ref}/claim", operation_id="claimQuestion", **told)
    async def claim_question(request: Request, ref: Ref) -> dict[str, Any]:
        """Take a question upon oneself for half an hour, so that others see it."""
        principal = await _answerer(request, inbox, auth, ref)
        return (await inbox.claim(ref, principal)).to_dict()

    @router.post("/questions/{ref}/release", operation_id="releaseQuestion", **told)
    async def release_question(request: Request, ref: Ref) -> dict[str, Any]:
        """Give back what one has claimed, or was given."""
        principal = await _answerer(request, inbox, auth, ref)
        return (await inbox.release(ref, principal)).to_dict()

    @router.post("/questions/{ref}/delegate", operation_id="delegateQuestion", **with_body)
    async def delegate_question(request: Request, ref: Ref, body: DelegateBody) -> dict[str, Any]:
        """Hand a question to somebody else."""
        principal = await _answerer(request, inbox, auth, ref)
        return (await inbox.delegate(ref, principal, body.to, why=body.why, until=body.until)).to_dict()


async def answered(
    inbox: Inbox, ref: str, body: AnswerBody, principal: Principal, *, shown: str | None, request: str | None
) -> Answered:
    """Answer a question, and tell who was first where somebody was."""
    try:
        return await inbox.answer(ref, body.value, principal, shown=shown, request=request, reason=body.reason)
    except AlreadyAnsweredError as error:
        problem = problem_of(error)
        now = await inbox.question(ref, principal)
        won = now.answer or {}
        problem.members.update(question=now.to_dict(), winner=won.get("by"), at=won.get("at"))
        raise problem from error


def check_shown(view: InboxQuestion, shown: str | None) -> None:
    """Check that an answer says what was shown, where that is needed.

    Raises:
        HttpProblem: It does not.
    """
    if shown is None and view.is_open and view.question.kind in MUST_BE_SHOWN:
        hint = 'Send its ETag back: If-Match: "sha256:...".'
        told: dict[str, Json] = {"question": view.to_dict()}
        headers = {"ETag": f'"{view.shown}"'}
        raise HttpProblem(
            428, "shown-required", "The request does not say what was shown", hint=hint, more=told, headers=headers
        )


async def _answerer(request: Request, inbox: Inbox, auth: Auth, ref: str) -> Principal:
    view = await _seen(request, inbox, auth, ref, "questions:answer")
    return auth.require(request, "questions:answer", workflow=view.workflow)


async def _seen(request: Request, inbox: Inbox, auth: Auth, ref: str, scope: str) -> InboxQuestion:
    """Return a question that a request may see; one that its token is not for is not there."""
    principal = auth.require(request, scope)
    view = await inbox.question(ref, principal)
    if not auth.sees(request, view.workflow):
        raise HttpProblem(404, "not-found", "There is no such question")
    return view


def _told(found: Answered) -> dict[str, Any]:
    return {
        "question": found.question.to_dict(),
        "session": {"id": found.question.session, "status": found.session_status},
    }
