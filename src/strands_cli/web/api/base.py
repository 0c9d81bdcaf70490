"""What the routes of the REST interface have in common: strict JSON, problems, pages, request ids."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import Header, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from strands.types.json_value import from_text
from strands_cli.web.problems import HttpProblem, problem_of
from strands_cli.web.settings import MOST_BYTES

REF = r"^q_[A-Za-z0-9_-]{1,1400}$"
SESSION_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$"
NAME = r"^[^/\x00-\x1f]{1,200}$"
STEP = r"^[^\x00-\x1f]{1,500}$"
REQUEST_ID = r"^[\x21-\x7e]{1,200}$"
CURSOR = r"^[A-Za-z0-9_-]{0,2000}$"
HEX_ID = r"^[0-9a-f]{4,64}$"

Ref = Annotated[str, Path(pattern=REF, description="The question's reference.")]
SessionId = Annotated[str, Path(pattern=SESSION_ID, description="The session's id.")]
Limit = Annotated[int, Query(ge=1, le=200, description="At most so many.")]
Cursor = Annotated[str, Query(pattern=CURSOR, description="Where the page before said that this one begins.")]
RequestId = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", pattern=REQUEST_ID, description="An id of this request: the same again is a success."
    ),
]


class BodyModel(BaseModel):
    """A JSON object of the interface; a field that it does not have is refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


class ReplyModel(BaseModel):
    """A JSON object that is returned; further fields may come with a later release."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")


class PageModel(ReplyModel):
    """A part of a list."""

    next: str | None = Field(None, description="The cursor of the next page; null when this is the last.")


class StrictRequest(Request):
    """A request whose JSON is read as strictly as it is written."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return from_text(body.decode("utf-8"), "the body")
        except (ValueError, RecursionError) as error:
            said = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise HttpProblem(400, "invalid-json", "The body is not JSON", said) from None


class ApiRoute(APIRoute):
    """A route whose errors are problems, also where it is part of another application."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            try:
                if takes_body:
                    _check_body(request)
                return await handle(StrictRequest(request.scope, request.receive))
            except Exception as error:
                return problem_of(error).response()

        return strict


def _check_body(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        hint = "Send it with Content-Type: application/json."
        raise HttpProblem(
            415, "not-json", "The body is not JSON", f"Its content type is {kind or 'missing'}.", hint=hint
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise HttpProblem(413, "too-large", "The request is too large", f"A body may have {MOST_BYTES} bytes.")


def link_next(request: Request, response: Response, after: str) -> str | None:
    """Say in a header where the next page is, and return its cursor; None when there is none."""
    if not after:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    response.headers["Link"] = f'<{request.url.path}?{urlencode([*kept, ("cursor", after)])}>; rel="next"'
    return after


def if_match(header: str | None) -> str | None:
    """Return what the header If-Match says was shown; None where it says nothing, or anything.

    Raises:
        HttpProblem: It is not one entity tag.
    """
    if header is None or header.strip() == "*":
        return None
    text = header.strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"' or '"' in text[1:-1]:
        raise HttpProblem(400, "invalid-request", "The request is not as described", "If-Match is not one quoted tag.")
    return text[1:-1]


def tell_replayed(response: Response) -> None:
    """Say in a response that the same request was done before, and nothing was done again."""
    response.status_code = 200
    response.headers["Idempotency-Replayed"] = "true"
