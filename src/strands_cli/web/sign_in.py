"""Signing in with a secret, and signing out."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from strands_cli.web.auth import Auth
from strands_cli.web.problems import HttpProblem

SignInPage = Callable[[Request, str], Response]
"""Makes the page on which people sign in, with what was wrong with the last try, or ""."""


def router(auth: Auth, page: SignInPage | None = None) -> APIRouter:
    """Return the routes of signing in and out.

    Args:
        auth: Signs in.
        page: Makes the page; default: a plain one.
    """
    routes = APIRouter(include_in_schema=False)
    show = page or _page

    @routes.get("/login")
    async def sign_in_by_address(request: Request, token: str = "", next: str = "/") -> Response:
        if token:
            return _signed_in(request, auth, show, token, next, in_address=True)
        if auth.settings.auth == "oidc":
            return RedirectResponse(f"/login/oidc?next={quote(own_path(next), safe='')}", 303)
        return show(request, "")

    @routes.post("/login")
    async def sign_in_by_form(request: Request) -> Response:
        form = await request.form()
        token, next_ = (str(form.get(name, "")) for name in ("token", "next"))
        return _signed_in(request, auth, show, token.strip(), next_ or "/")

    @routes.post("/logout")
    async def sign_out(request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        auth.sign_out(request, response)
        return response

    return routes


def own_path(path: str) -> str:
    """Return a path of this server to go on to; another server's address is none."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return quote(path, safe="/?&=%#") if is_own else "/"


def _signed_in(
    request: Request, auth: Auth, show: SignInPage, secret: str, next: str, *, in_address: bool = False
) -> Response:
    try:
        principal = auth.principal_of_secret(request, secret, in_address=in_address)
    except HttpProblem as problem:
        response = show(request, str(problem))
        response.status_code = problem.status
        response.headers.update(problem.headers)
        return response
    response = RedirectResponse(own_path(next), 303)
    auth.sign_in(response, principal)
    return response


def _page(request: Request, problem: str) -> Response:
    told = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><main><h1>Sign in</h1>'
        f'{told}<form method="post" action="/login"><label>Token <input name="token" type="password" '
        'autocomplete="current-password" required></label> <button>Sign in</button></form></main></html>'
    )
