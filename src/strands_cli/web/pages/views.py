"""Pages from their templates: what every page has, and the pages of errors and of signing in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from strands_cli.errors import StrandsError
from strands_cli.kernel.principal import Principal
from strands_cli.web.auth import Auth
from strands_cli.web.pages import shown
from strands_cli.web.pages.beside import giver
from strands_cli.web.problems import HttpProblem, problem_of

if TYPE_CHECKING:
    from jinja2 import Environment

    from strands_cli.inbox.inbox import Inbox

TEMPLATES = Path(__file__).parents[1] / "templates"
SCOPES = ("questions:answer", "sessions:start", "sessions:control", "audit:read", "admin")
_FILTERS = (
    "exact",
    "as_is",
    "pretty",
    "written",
    "cells",
    "diff_lines",
    "moment",
    "clock",
    "iso",
    "span",
    "ago",
    "is_soon",
)
_MOST_FIELDS = 2_000


class PageRoute(APIRoute):
    """A route whose errors are pages; whoever is not known is sent to sign in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def shown_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except (HttpProblem, StrandsError, RequestValidationError, HTTPException) as error:
                return problem_page(request, problem_of(error))

        return shown_errors


class Pages:
    """What all pages share.

    Args:
        inbox: The questions and the sessions.
        auth: Tells who looks.
    """

    def __init__(self, inbox: Inbox, auth: Auth) -> None:
        self.inbox: Inbox = inbox
        self.auth: Auth = auth

    def who(self, request: Request, scope: str, *, workflow: str = "") -> Principal:
        """Return who looks, who may do what `scope` says.

        Raises:
            HttpProblem: It is not known who that is, or they may not.
        """
        return self.auth.require(request, scope, workflow=workflow)

    def may(self, request: Request, scope: str) -> bool:
        """Whether who looks may do what `scope` says."""
        caller = self.auth.caller(request)
        return caller is not None and self.auth.may(caller, scope)

    def sees(self, request: Request, workflow: str) -> bool:
        """Whether who looks is shown what belongs to a workflow: with a token, that may be for some of them alone."""
        return self.auth.sees(request, workflow)

    async def form(self, request: Request, *about: str) -> dict[str, str | list[str]]:
        """Return what a form of ours has sent: a name that came several times has a list.

        Raises:
            HttpProblem: It is not a form that was given out for this, to this person.
        """
        sent = await request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=1_000_000)
        found: dict[str, str | list[str]] = {}
        for name in sent:
            values = [value for value in sent.getlist(name) if isinstance(value, str)]
            found[name] = values[0] if len(values) == 1 else values
        token = found.pop("form_token", "")
        self.auth.check_form(request, token if isinstance(token, str) else "", *about)
        return found

    def giver(self, told: Mapping[str, Any]) -> str:
        """Return who gave an answer, by name, and for whom."""
        return giver(self.inbox.people, told)

    async def page(
        self, request: Request, name: str, principal: Principal, *, status: int = 200, **names: Any
    ) -> HTMLResponse:
        """Return a page from its template."""
        allowed = {scope: self.may(request, scope) for scope in SCOPES}

        def form_token(*about: str) -> str:
            return self.auth.form_token(request, *about)

        told = {"principal": principal, "allowed": allowed, "form_token": form_token, "giver": self.giver, **names}
        return await asyncio.to_thread(render, request, name, status, **told)


def fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form has sent of the fields that the author of a question or a workflow has named."""
    return {name[2:]: value for name, value in given.items() if name.startswith("f.")}


def many(given: Mapping[str, str | list[str]], name: str) -> list[str]:
    """Return the values that a form has sent of a name, however many."""
    values = given.get(name, [])
    return [values] if isinstance(values, str) else values


def split(given: Mapping[str, str | list[str]], name: str) -> list[str]:
    """Return what a form has sent of a name as a text with commas."""
    return [each.strip() for each in str(given.get(name, "")).split(",") if each.strip()]


def render(request: Request, name: str, status: int = 200, **names: Any) -> HTMLResponse:
    """Return a page from its template; without `principal` it is of nobody."""
    shared = {
        "principal": None,
        "allowed": {},
        "root": request.scope.get("root_path", ""),
        "path": request.url.path,
        "is_rehearsal": getattr(request.app.state, "is_rehearsal", False),
    }
    text = environment().get_template(name).render({**shared, **names})
    return HTMLResponse(text, status_code=status)


def error_page(request: Request, status: int, title: str, detail: str = "", hint: str = "") -> Response:
    """Return the page of an error: what is wrong, and what to do."""
    return render(request, "error.html", status, title=title, detail=detail, hint=hint)


def sign_in_page(request: Request, problem: str) -> Response:
    """Return the page on which somebody signs in.

    Args:
        request: The request.
        problem: What was wrong with the last try, or "".
    """
    return render(request, "sign_in.html", problem=problem, next=request.query_params.get("next", "/"))


def to(request: Request, path: str) -> RedirectResponse:
    """Return a redirect, after something was done, to another page of ours."""
    return RedirectResponse(request.scope.get("root_path", "") + path, status_code=303)


def with_query(path: str, **names: str) -> str:
    """Return a path with what is not empty as its query."""
    told = {name: value for name, value in names.items() if value}
    return f"{path}?{urlencode(told)}" if told else path


@cache
def environment() -> Environment:
    """Return the templates; what they print is escaped, and made visible, unless they say otherwise."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown.plain,
    )
    made.filters.update({name: getattr(shown, name) for name in _FILTERS})
    made.globals.update(count=shown.count, with_query=with_query)
    return made


def problem_page(request: Request, problem: HttpProblem) -> Response:
    """Return the page of a problem; whoever is not known is sent to sign in, and back from there."""
    if problem.status == 401 and request.method in ("GET", "HEAD"):
        asked = f"?{request.url.query}" if request.url.query else ""
        return to(request, f"/login?next={quote(request.url.path + asked, safe='')}")
    members = problem.members
    id_ = f"Its id in the log is {members['id']}." if "id" in members else ""
    detail, hint = str(members.get("detail") or id_), str(members.get("hint", ""))
    response = error_page(request, problem.status, str(members["title"]), detail, hint)
    response.headers.update(problem.headers)
    return response
