"""The page of an answer link: who has it is one person, for one question; looking never answers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from strands_cli.errors import AnswerError, StrandsError
from strands_cli.forms import FormAnswerError, form_of, read
from strands_cli.inbox.links import Link, Links
from strands_cli.inbox.views import InboxQuestion
from strands_cli.kernel.principal import Principal
from strands_cli.web.pages.beside import beside_of
from strands_cli.web.pages.question_page import about
from strands_cli.web.pages.views import PageRoute, Pages, fields, render
from strands_cli.web.problems import HttpProblem


def link_router(pages: Pages) -> APIRouter:
    """Return the routes of answer links."""
    router = APIRouter(route_class=PageRoute)
    links = Links(pages.inbox.data)

    def meant(request: Request, secret: str) -> tuple[Link, Principal]:
        link, known = links.find(secret), pages.inbox.people.by_key
        if link is not None and known and link.person not in known:
            link = None  # it was for somebody who is not here any more
        if link is None:  # who has a link is not kept out by others behind the same proxy
            pages.auth.limit.check(request)
            pages.auth.limit.failed(request)
            hint = "Ask whoever sent it for another one, or sign in."
            raise HttpProblem(404, "no-link", "This link is over", "It was used, has ended, or never was.", hint=hint)
        return link, link.principal(pages.inbox.people)

    @router.api_route("/a/{secret}", methods=["GET", "HEAD"])
    async def look(request: Request, secret: str) -> Response:
        link, principal = meant(request, secret)
        return await _page(pages, request, principal, await pages.inbox.question(link.ref, principal), link)

    @router.post("/a/{secret}")
    async def answer(request: Request, secret: str) -> Response:
        link, principal = meant(request, secret)
        given = await pages.form(request, "link", secret)
        found = await pages.inbox.question(link.ref, principal)
        try:
            value = read(form_of(found.question), fields(given))
            note = str(given.get("note", "")).strip()[:2_000]
            await pages.inbox.answer(
                link.ref, value, principal, shown=link.shown, request=link.request, reason=note or None
            )
        except FormAnswerError as error:
            return await _page(pages, request, principal, found, link, status=422, problems=error.problems, given=given)
        except AnswerError as error:
            now = await pages.inbox.question(link.ref, principal)
            return await _page(pages, request, principal, now, link, status=409, notice=error, given=given)
        links.use(secret)
        return await _page(pages, request, principal, await pages.inbox.question(link.ref, principal), link, done=True)

    return router


async def _page(
    pages: Pages,
    request: Request,
    principal: Principal,
    found: InboxQuestion,
    link: Link,
    *,
    status: int = 200,
    notice: StrandsError | None = None,
    problems: Mapping[str, str] | None = None,
    given: Mapping[str, Any] | None = None,
    done: bool = False,
) -> Response:
    if found.shown != link.shown and notice is None:
        notice = AnswerError("the question has changed since this link was sent", hint="Sign in to answer it.")
    told = about(found, notice=notice, problems=problems, given=given, done=done)
    return await asyncio.to_thread(
        render,
        request,
        "question.html",
        status,
        **{**told, "is_open": told["is_open"] and not done},
        allowed={"questions:answer": True},
        form_token=lambda *_: pages.auth.form_token(request, "link", request.path_params["secret"]),
        answer_to=request.url.path,
        request_id=secrets.token_hex(8),
        beside=beside_of(await pages.inbox.on_record(found.ref), pages.inbox.people, principal),
        title="Not recorded",
        giver=pages.giver,
    )
