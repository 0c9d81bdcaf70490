"""Webhooks over REST: where events are sent to, and what was sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from strands_cli.errors import InputError
from strands_cli.inbox.endpoints import Endpoint
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.notes import Event
from strands_cli.inbox.outbox import Outbox
from strands_cli.web.api.base import NAME, BodyModel, ReplyModel
from strands_cli.web.auth import Auth
from strands_cli.web.openapi import problems
from strands_cli.web.problems import HttpProblem

WebhookId = Annotated[str, Path(pattern=r"^wh_[0-9a-f]{12}$", description="The webhook's id.")]
MessageId = Annotated[str, Path(pattern=r"^msg_[A-Za-z0-9][A-Za-z0-9._-]{0,220}$", description="The message's id.")]


class WebhookModel(ReplyModel):
    """A webhook."""

    id: str
    url: str
    events: list[str] = Field(description="Only these events; empty for all.")
    workflows: list[str] = Field(description="Only of these workflows; empty for all.")
    full: bool = Field(description="What is asked and said is sent, too.")
    private: bool = Field(description="It may be in a private network.")
    created_at: float = Field(description="Unix time in seconds.")
    disabled_at: float | None = Field(None, description="Unix time in seconds; null while it is sent events.")
    problem: str | None = Field(None, description="Why it was disabled.")


class NewWebhookModel(WebhookModel):
    """A webhook that was added."""

    secret: str = Field(description="What is signed with; it is not shown again.")


class WebhookList(ReplyModel):
    """Webhooks."""

    items: list[WebhookModel]


class AddWebhookBody(BodyModel):
    """Where to send events to."""

    url: str = Field(max_length=2000, description="The address; HTTPS unless it is private.")
    events: list[Event] = Field(default_factory=list, description="Only these; empty for all.")
    workflows: list[Annotated[str, Field(pattern=NAME)]] = Field(default_factory=list, max_length=100)
    full: bool = False
    private: bool = False


class SecretModel(ReplyModel):
    """A new secret."""

    secret: str


class DeliveryModel(ReplyModel):
    """A message that was sent, or is to be sent."""

    id: str
    event: str
    session: str
    seq: int
    state: str = Field(description="due, done, failed or gone.")
    attempts: int
    next_at: float | None = None
    created_at: float
    done_at: float | None = None
    status: int | None = None
    problem: str = ""


class DeliveryList(ReplyModel):
    """Deliveries, the newest first."""

    items: list[DeliveryModel]


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    """Add the routes of webhooks."""
    outbox = Outbox(inbox.store, inbox.data)
    _add_endpoints(router, outbox, auth)
    _add_deliveries(router, outbox, auth)


def _add_endpoints(router: APIRouter, outbox: Outbox, auth: Auth) -> None:
    @router.get("/webhooks", operation_id="listWebhooks", response_model=WebhookList, responses=problems())
    async def list_webhooks(request: Request) -> dict[str, Any]:
        """List where events are sent to."""
        auth.require(request, "admin")
        return {"items": [each.to_dict() for each in outbox.endpoints.list()]}

    @router.post(
        "/webhooks", operation_id="addWebhook", status_code=201, response_model=NewWebhookModel,
        responses=problems(413, 415, 422),
    )  # fmt: skip
    async def add_webhook(request: Request, response: Response, body: AddWebhookBody) -> dict[str, Any]:
        """Send events to an address from now on."""
        auth.require(request, "admin")
        endpoint, secret = outbox.endpoints.add(
            body.url, events=body.events, workflows=body.workflows, full=body.full, private=body.private
        )
        response.headers["Location"] = f"{request.url.path}/{endpoint.id}"
        return {**endpoint.to_dict(), "secret": secret}

    @router.get("/webhooks/{id}", operation_id="getWebhook", response_model=WebhookModel, responses=problems(404))
    async def get_webhook(request: Request, id: WebhookId) -> dict[str, Any]:
        """Show a webhook."""
        auth.require(request, "admin")
        return _found(outbox, id).to_dict()

    @router.delete("/webhooks/{id}", operation_id="removeWebhook", status_code=204, responses=problems(404))
    async def remove_webhook(request: Request, id: WebhookId) -> Response:
        """Send nothing to it any more, and forget it."""
        auth.require(request, "admin")
        outbox.endpoints.remove(_found(outbox, id).id)
        return Response(status_code=204)

    @router.post(
        "/webhooks/{id}/enable", operation_id="enableWebhook", response_model=WebhookModel, responses=problems(404)
    )
    async def enable_webhook(request: Request, id: WebhookId) -> dict[str, Any]:
        """Send events again to one that was disabled."""
        auth.require(request, "admin")
        return outbox.endpoints.enable(_found(outbox, id).id).to_dict()

    @router.post(
        "/webhooks/{id}/rotate", operation_id="rotateWebhook", response_model=SecretModel, responses=problems(404)
    )
    async def rotate_webhook(request: Request, id: WebhookId) -> dict[str, Any]:
        """Give it a new secret; for a day what is sent is signed with the old one as well."""
        auth.require(request, "admin")
        return {"secret": outbox.endpoints.rotate(_found(outbox, id).id)}


def _add_deliveries(router: APIRouter, outbox: Outbox, auth: Auth) -> None:
    @router.get(
        "/webhooks/{id}/deliveries", operation_id="listDeliveries", response_model=DeliveryList, responses=problems(404)
    )
    async def list_deliveries(
        request: Request, id: WebhookId, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, Any]:
        """List what was sent to a webhook, and what is still to be sent."""
        auth.require(request, "admin")
        target = _found(outbox, id).target
        return {"items": [each.to_dict() for each in outbox.deliveries.newest(target, limit=limit)]}

    @router.post(
        "/webhooks/{id}/deliveries/{message}/redeliver",
        operation_id="redeliver",
        status_code=202,
        response_model=DeliveryModel,
        responses=problems(404),
    )
    async def redeliver(request: Request, id: WebhookId, message: MessageId) -> dict[str, Any]:
        """Send a message once more, whether it had arrived or not."""
        auth.require(request, "admin")
        target = _found(outbox, id).target
        found = outbox.deliveries.find(target, message)
        if found is None:
            raise HttpProblem(404, "not-found", "There is no such delivery")
        outbox.deliveries.redeliver(target, message)
        return (outbox.deliveries.find(target, message) or found).to_dict()


def _found(outbox: Outbox, id: str) -> Endpoint:
    try:
        return outbox.endpoints.get(id)
    except InputError:
        raise HttpProblem(404, "not-found", "There is no such webhook") from None
