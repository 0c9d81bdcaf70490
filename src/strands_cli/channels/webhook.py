"""Webhooks out: events signed as Standard Webhooks has it, to addresses that may be reached, without redirects."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from strands._threads import on_disk
from strands_cli.channels.channel import ChannelContext, ChannelError, ChannelNote, ChannelRoute, DeliveryError, Receipt
from strands_cli.errors import InputError
from strands_cli.inbox.endpoints import Endpoint, Endpoints
from strands_cli.net.client import HttpRequest, Network, NetworkError, Response
from strands_cli.net.url import parse
from strands_cli.types import Json

SECONDS = 15.0
MOST_BYTES = 20_000
"""What is larger is sent without what is asked and said: whoever gets it can ask for that."""

_GONE = 410


class WebhookChannel:
    """Sends events to endpoints; `to` is the id of one.

    Args:
        context: What it uses.
        network: What may be reached.
    """

    name: str = "webhook"

    def __init__(self, context: ChannelContext, network: Network | None = None) -> None:
        self.endpoints: Endpoints = Endpoints(context.data)
        self._network = network or Network()

    async def notify(self, note: ChannelNote, to: str) -> Receipt:
        """Send an event to an endpoint."""
        try:
            endpoint = self.endpoints.get(to)
        except InputError as error:
            raise DeliveryError("the webhook was removed", is_final=True) from error
        if endpoint.disabled_at is not None:
            raise DeliveryError("the webhook is disabled", is_final=True)
        body = json.dumps(_payload(note, endpoint), separators=(",", ":"))
        headers = {"content-type": "application/json", **_signed(endpoint, note.id, body)}
        network, url = self._network, parse(endpoint.url)
        if endpoint.is_private:
            network = network.allowing(url)
        request = HttpRequest("POST", url, headers, body.encode("utf-8"), SECONDS)
        try:
            response = await on_disk(lambda: network.send_once(request))
        except NetworkError as error:
            raise DeliveryError(str(error)) from error
        _check(response)
        return Receipt()

    async def close(self, receipt: Receipt, note: ChannelNote) -> None:
        """Do nothing: that it was answered is an event of its own."""

    def routes(self) -> Sequence[ChannelRoute]:
        """Return nothing: what comes in has addresses of its own."""
        return ()


def channel(context: ChannelContext) -> WebhookChannel:
    """Return the channel; it is always there."""
    return WebhookChannel(context)


def standard_webhook(secret: str) -> Any:
    """Return what signs and verifies with a secret.

    Raises:
        ChannelError: The library is not installed.
    """
    try:
        from standardwebhooks.webhooks import Webhook
    except ImportError as error:
        raise ChannelError("webhooks need a library", hint="Install it: pip install 'strands-cli[server]'.") from error
    return Webhook(secret)


def _signed(endpoint: Endpoint, id: str, body: str) -> dict[str, str]:
    at = datetime.fromtimestamp(int(time.time()), timezone.utc)
    signatures = [standard_webhook(secret).sign(id, at, body) for secret in endpoint.signing(at.timestamp())]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _payload(note: ChannelNote, endpoint: Endpoint) -> dict[str, Json]:
    told = note.payload(full=endpoint.is_full)
    if endpoint.is_full and len(json.dumps(told)) > MOST_BYTES:
        told = note.payload()
        told["data"]["shortened"] = True
    return told


def _check(response: Response) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    message = f"it replied {status} {response.reason}".rstrip()
    if 300 <= status < 400:
        message += ": redirects are not followed"
    raise DeliveryError(
        message,
        status=status,
        retry_after=_retry_after(response.headers.get("retry-after", "")),
        disables=status == _GONE,
    )


def _retry_after(text: str) -> float | None:
    """Return how many seconds a reply wants one to wait."""
    if text.strip().isdecimal() and len(text) < 10:
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
