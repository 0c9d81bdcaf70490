"""Handlers that post a run's events to a URL, under the names of strands-cli 0.3.

They tell of what happens while this process lives. Webhooks that are signed, and tried again until they are delivered,
are those of `strands serve`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.net.client import HttpRequest, Network, NetworkError
from strands_cli.net.url import URLError, parse

if TYPE_CHECKING:
    from strands_cli.kernel.events import Event

logger: logging.Logger = logging.getLogger(__name__)

TRIES = 3
"""How often an event is posted before it is given up."""

TIMEOUT_SECONDS = 10.0

_FIRST_PAUSE = 1.0
_SHOWN = 5


class WebhookEventHandler(ABC):
    """Posts events; what is posted, and where, is a subclass's. To be given to `Workflow.on`, or to be awaited."""

    @abstractmethod
    def format_payload(self, event: Event) -> dict[str, Any]:
        """Return the JSON object that is posted of an event."""

    @abstractmethod
    def get_webhook_url(self) -> str:
        """Return where it is posted."""

    @abstractmethod
    def get_headers(self) -> dict[str, str]:
        """Return the headers of the request."""

    async def send(self, event: Event) -> None:
        """Post an event, and try again where that fails.

        Raises:
            ExecutionError: Nobody took it.
        """
        from strands._threads import in_thread

        body = json.dumps(self.format_payload(event), default=str).encode()
        headers = {"Content-Type": "application/json", **self.get_headers()}
        problem = ""
        for number in range(TRIES):
            if number:
                await asyncio.sleep(_FIRST_PAUSE * 2.0 ** (number - 1))
            try:
                status = await in_thread(partial(_post, self.get_webhook_url(), headers, body))
            except (NetworkError, URLError) as error:
                problem = str(error)
                continue
            if status < 400:
                return
            problem = f"it answered {status}"
        raise ExecutionError(
            f"the webhook {self.get_webhook_url()} did not take a {event.type!r} event: {problem}",
            hint="Nothing of the run depends on it. Look whether the address is right and the server is up.",
        )

    async def __call__(self, event: Event) -> None:
        """Post an event; one that nobody takes is named in the log."""
        try:
            await self.send(event)
        except ExecutionError as error:
            logger.error("%s", error.message)


class GenericWebhookHandler(WebhookEventHandler):
    """Posts each event as the JSON object that its `to_dict` returns.

    Args:
        url: Where to.
        headers: Further headers, such as one that says who posts.
    """

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._url = url
        self._headers = dict(headers or {})

    def format_payload(self, event: Event) -> dict[str, Any]:
        """Return the event as a dictionary."""
        return event.to_dict()

    def get_webhook_url(self) -> str:
        """Return where it is posted."""
        return self._url

    def get_headers(self) -> dict[str, str]:
        """Return the headers that were given."""
        return dict(self._headers)


class SlackWebhookHandler(GenericWebhookHandler):
    """Posts each event as a message of one text, to an incoming webhook of Slack.

    Args:
        webhook_url: The webhook's address.
    """

    def __init__(self, webhook_url: str) -> None:
        super().__init__(webhook_url)

    def format_payload(self, event: Event) -> dict[str, Any]:
        """Return a message that names the event, its workflow, and the first things that it tells."""
        told = [f"• {name}: {value}" for name, value in list(event.data.items())[:_SHOWN]]
        return {"text": "\n".join([f"*{event.type}*: {event.workflow}", *told])}


def _post(url: str, headers: dict[str, str], body: bytes) -> int:
    where = parse(url)
    return Network().allowing(where).send(HttpRequest("POST", where, headers, body, TIMEOUT_SECONDS)).status
