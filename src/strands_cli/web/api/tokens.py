"""API tokens over REST."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field

from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import Scope
from strands_cli.web.api.base import HEX_ID, NAME, BodyModel, ReplyModel
from strands_cli.web.auth import Auth
from strands_cli.web.openapi import problems
from strands_cli.web.problems import HttpProblem

TokenId = Annotated[str, Path(pattern=HEX_ID, description="The token's id.")]


class TokenBody(BodyModel):
    """A token to make."""

    person: str = Field(pattern=NAME, description="Whom it is for.")
    scopes: list[Scope] = Field(min_length=1, max_length=20, description="What it may do.")
    workflows: list[Annotated[str, Field(pattern=NAME)]] = Field(default_factory=list, max_length=100)
    days: float | None = Field(90, gt=0, le=36_500, description="Days until it expires; null for never.")


class TokenModel(ReplyModel):
    """A token, without its secret."""

    id: str
    person: str
    scopes: list[str]
    workflows: list[str]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    used_at: float | None = None


class TokenList(ReplyModel):
    """Tokens."""

    items: list[TokenModel]


class NewToken(TokenModel):
    """A token that was made, with its secret, which is not told again."""

    token: str


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    """Add the routes of tokens."""

    @router.get("/tokens", operation_id="listTokens", response_model=TokenList, responses=problems())
    async def list_tokens(request: Request) -> dict[str, Any]:
        """List tokens, the newest first."""
        auth.require(request, "admin")
        return {"items": [each._asdict() for each in auth.tokens.all()]}

    @router.post(
        "/tokens",
        operation_id="createToken",
        status_code=201,
        response_model=NewToken,
        responses=problems(413, 415, 422),
    )
    async def create_token(request: Request, body: TokenBody) -> dict[str, Any]:
        """Make a token; its secret is told this once."""
        auth.require(request, "admin")
        token, secret = auth.tokens.create(body.person, scopes=body.scopes, workflows=body.workflows, days=body.days)
        return {**token._asdict(), "token": secret}

    @router.delete("/tokens/{token_id}", operation_id="revokeToken", status_code=204, responses=problems(404))
    async def revoke_token(request: Request, token_id: TokenId) -> None:
        """Have a token be worth nothing from now on."""
        auth.require(request, "admin")
        if auth.tokens.revoke(token_id) is None:
            raise HttpProblem(404, "not-found", "There is no such token")
