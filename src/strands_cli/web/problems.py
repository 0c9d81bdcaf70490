"""Errors as RFC 9457 problems: one map from the errors of this package to HTTP."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from strands_cli import errors
from strands_cli.inbox import errors as inbox_errors
from strands_cli.inbox.apps import WorkflowNotFoundError
from strands_cli.types import Json

logger: logging.Logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
DOCS = "https://thomasrohde.github.io/strands-cli/server/#"


class Code(NamedTuple):
    """What a kind of error is over HTTP."""

    code: str
    status: int
    title: str


KINDS: tuple[tuple[type[errors.StrandsError], Code], ...] = (
    (inbox_errors.QuestionNotFoundError, Code("not-found", 404, "There is no such question")),
    (inbox_errors.OutdatedQuestionError, Code("changed", 412, "The question has changed")),
    (inbox_errors.QuestionClosedError, Code("closed", 410, "The question is not open any more")),
    (inbox_errors.CursorError, Code("invalid-cursor", 400, "The cursor is not of this list")),
    (inbox_errors.RequestReusedError, Code("request-reused", 422, "The request id was used for something else")),
    (inbox_errors.ArtifactNotFoundError, Code("not-found", 404, "There is no such file")),
    (WorkflowNotFoundError, Code("not-found", 404, "There is no such workflow here")),
    (errors.NotEntitledError, Code("not-eligible", 403, "Whoever answers may not")),
    (errors.ChangedQuestionError, Code("changed", 412, "The question has changed")),
    (errors.AlreadyAnsweredError, Code("already-answered", 409, "Somebody answered first")),
    (errors.InvalidAnswerError, Code("invalid-answer", 422, "The answer does not fit the question")),
    (errors.AnswerError, Code("not-answerable", 409, "The answer cannot be taken")),
    (errors.SessionNotFoundError, Code("not-found", 404, "There is no such session")),
    (errors.SessionExistsError, Code("exists", 409, "The id is taken")),
    (errors.SessionFinishedError, Code("finished", 410, "The session has ended")),
    (errors.LeaseHeldError, Code("held", 409, "The session is being run")),
    (errors.MissingPartsError, Code("missing-parts", 409, "Something that the session needs is missing here")),
    (errors.ChangedSpecError, Code("changed-spec", 409, "The workflow differs in what has happened")),
    (errors.SessionDamagedError, Code("damaged", 500, "The session's record is damaged")),
    (errors.StorageError, Code("storage", 503, "The store cannot be used now")),
    (errors.InputError, Code("invalid-input", 422, "An input is missing or wrong")),
    (errors.SessionError, Code("session", 409, "The session does not allow it")),
    (errors.StrandsError, Code("failed", 500, "It failed")),
)
"""The first that fits counts: the more special ones stand before those that they are kinds of."""


class HttpProblem(Exception):
    """Something to be told as a problem.

    Args:
        status: The HTTP status.
        code: A word that stays the same, for programs.
        title: What kind of problem it is.
        detail: What is wrong here.
        hint: What to do.
        errors: What is wrong with parts of the request: pointer and message.
        more: Further members.
        headers: Headers of the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        hint: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        more: Mapping[str, Json] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status: int = status
        self.code: str = code
        self.headers: dict[str, str] = dict(headers or {})
        self.members: dict[str, Any] = {"type": f"{DOCS}{code}", "title": title, "status": status, "code": code}
        self.members.update({"detail": detail} if detail else {})
        self.members.update({"hint": hint} if hint else {})
        self.members.update({"errors": [dict(each) for each in errors]} if errors else {})
        self.members.update(more or {})

    def response(self) -> JSONResponse:
        """Return it as a response."""
        return JSONResponse(self.members, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> HttpProblem:
    """Return what an error is over HTTP; of one that nobody foresaw only an id is told, and the log has the rest."""
    if isinstance(error, HttpProblem):
        return error
    if isinstance(error, errors.StrandsError):
        return _of_own(error)
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, HttpProblem):  # FastAPI says of each that the body cannot be parsed
            return error.__cause__
        code = _HTTP.get(error.status_code, "http")
        return HttpProblem(error.status_code, code, str(error.detail), headers=error.headers)
    id_ = secrets.token_hex(6)
    logger.error("a request failed, id %s", id_, exc_info=error)
    return HttpProblem(500, "unexpected", "Something unexpected happened", more={"id": id_})


def _of_own(error: errors.StrandsError) -> HttpProblem:
    kind = next(code for type_, code in KINDS if isinstance(error, type_))
    more: dict[str, Json] = {}
    question = getattr(error, "question", None)
    headers = {"Retry-After": "5"} if kind.status == 503 else {}
    code, title = str(getattr(error, "code", "") or kind.code), kind.title
    if isinstance(error, inbox_errors.QuestionStateError):
        more["question"] = error.question.to_dict()
        if kind.status == 410:
            code = error.question.status
        else:
            headers["ETag"] = f'"{error.question.shown}"'
    elif isinstance(error, errors.AlreadyAnsweredError) and question is not None:
        more["question"] = {"id": question.id, "prompt": question.prompt}
    wrong = [{"pointer": "/value", "message": error.message}] if kind.code == "invalid-answer" else []
    if kind.status >= 500:
        logger.warning("a request failed: %s", error.message)
    return HttpProblem(
        kind.status, code, title, error.message, hint=error.hint, errors=wrong, more=more, headers=headers
    )


def _of_validation(error: RequestValidationError) -> HttpProblem:
    wrong = []
    for each in error.errors():
        place, *path = each["loc"]
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
        wrong.append({"pointer": pointer, "message": str(each["msg"]), "in": str(place)})
    first = f"{wrong[0]['pointer'] or 'the body'}: {wrong[0]['message']}" if wrong else ""
    return HttpProblem(400, "invalid-request", "The request is not as described", first, errors=wrong)


_HTTP = {400: "invalid-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
