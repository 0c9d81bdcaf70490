"""Signing in at an OpenID Connect provider: authorization code with PKCE."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from itsdangerous import URLSafeTimedSerializer
from starlette.responses import RedirectResponse, Response

from strands_cli.inbox.inbox import Inbox
from strands_cli.kernel.principal import Principal
from strands_cli.web.auth import Auth, unexpired
from strands_cli.web.problems import HttpProblem
from strands_cli.web.settings import OidcSettings
from strands_cli.web.sign_in import own_path

logger: logging.Logger = logging.getLogger(__name__)

COOKIE = "strands_oidc"
START, CALLBACK = "/login/oidc", "/login/oidc/callback"
_SECONDS = 600
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures by a key of the provider's alone: `none`, and secrets that both know, prove nothing."""


class OidcSignIn:
    """Signs people in at a provider.

    Args:
        inbox: Knows people.
        auth: Gives them their cookie.
        settings: The provider.
    """

    def __init__(self, inbox: Inbox, auth: Auth, settings: OidcSettings) -> None:
        from authlib.integrations.starlette_client import OAuth

        self._inbox = inbox
        self._auth = auth
        self._settings = settings
        self._cookies = URLSafeTimedSerializer(inbox.data.secret("cookies"), salt="oidc")
        self._back = f"{auth.settings.origin}{CALLBACK}"
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.client_id,
            client_secret=settings.client_secret or None,
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": settings.scope,
                "code_challenge_method": "S256",
                "timeout": 10.0,
                **({} if settings.client_secret else {"token_endpoint_auth_method": "none"}),
            },
        )

    async def begin(self, request: Request, next: str) -> Response:
        """Lead to the provider's page."""
        try:
            await self._known()
            begun = await self._client.create_authorization_url(self._back)
        except Exception as error:
            raise self._unreachable(error) from error
        kept = {name: begun[name] for name in ("state", "nonce", "code_verifier")}
        response = RedirectResponse(begun["url"], 302)
        cookie = self._cookies.dumps({**kept, "next": own_path(next)})
        secure = self._auth.settings.is_secure
        response.set_cookie(
            COOKIE, str(cookie), max_age=_SECONDS, path=CALLBACK, httponly=True, samesite="lax", secure=secure
        )
        return response

    async def end(self, request: Request) -> Response:
        """Take back who comes from the provider's page."""
        self._auth.limit.check(request)
        kept, _ = unexpired(self._cookies, request.cookies.get(COOKIE, ""), _SECONDS)
        if kept is None:
            raise _refused("It took too long, or was begun in another browser.")
        state = request.query_params.get("state", "")
        if not hmac.compare_digest(state.encode(), str(kept["state"]).encode()):
            self._auth.limit.failed(request)
            raise _refused("It was begun in another browser.")
        if "code" not in request.query_params:
            raise _refused(request.query_params.get("error_description") or "The provider said no.")
        claims = await self._claims(request, kept)
        response = RedirectResponse(str(kept["next"]), 303)
        self._auth.sign_in(response, self._principal(claims))
        response.delete_cookie(COOKIE, path=CALLBACK)
        return response

    async def _claims(self, request: Request, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        settings = self._settings
        expected = {
            "iss": {"essential": True, "values": [settings.issuer]},
            "aud": {"essential": True, "values": [settings.client_id]},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": kept["nonce"]},
        }
        try:
            await self._known()
            token = await self._client.fetch_access_token(
                self._back, code=request.query_params["code"], code_verifier=kept["code_verifier"]
            )
            claims = await self._client.parse_id_token(token, nonce=kept["nonce"], claims_options=expected)
        except Exception as error:
            logger.warning("the provider's answer was not taken: %s: %s", type(error).__name__, error)
            self._auth.limit.failed(request)
            raise _refused("What the provider said cannot be taken; the log says why.") from None
        if not claims or not isinstance(claims.get("sub"), str):
            raise _refused("The provider does not say who it is.")
        found: Mapping[str, Any] = claims
        return found

    async def _known(self) -> None:
        """Learn where the provider's pages are, and keep to signatures that prove something."""
        told = await self._client.load_server_metadata()
        named = told.get("id_token_signing_alg_values_supported") or ["RS256"]
        told["id_token_signing_alg_values_supported"] = [each for each in named if each in _ALGORITHMS] or ["RS256"]

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        groups = claims.get(self._settings.groups_claim) or []
        named = [groups] if isinstance(groups, str) else groups
        roles = [self._settings.roles[group] for group in named if group in self._settings.roles]
        name = str(claims.get("name") or claims.get("preferred_username") or claims["sub"])
        id_ = f"user:oidc:{self._settings.issuer}#{claims['sub']}"
        return self._inbox.people.principal(id_, name=name, roles=roles, auth="login", via="web")

    def _unreachable(self, error: Exception) -> HttpProblem:
        logger.warning("the provider does not answer: %s: %s", type(error).__name__, error)
        return HttpProblem(503, "provider", "The provider does not answer", headers={"Retry-After": "10"})


def router(inbox: Inbox, auth: Auth, settings: OidcSettings) -> APIRouter:
    """Return the routes of signing in at a provider."""
    signing = OidcSignIn(inbox, auth, settings)
    routes = APIRouter(include_in_schema=False)

    @routes.get(START)
    async def begin(request: Request, next: str = "/") -> Response:
        return await signing.begin(request, next)

    @routes.get(CALLBACK)
    async def end(request: Request) -> Response:
        return await signing.end(request)

    return routes


def _refused(detail: str) -> HttpProblem:
    return HttpProblem(401, "sign-in", "Nobody was signed in", detail, hint=f"Begin anew: {START}")
