"""Slack: questions as messages with buttons, forms as modals; what was answered anywhere has no buttons any more."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from strands._threads import on_disk
from strands_cli.channels import slack_blocks
from strands_cli.channels.channel import (
    ChannelContext,
    ChannelError,
    ChannelNote,
    ChannelReply,
    ChannelRequest,
    ChannelRoute,
    DeliveryError,
    Receipt,
)
from strands_cli.channels.slack_answers import SlackAnswers

if TYPE_CHECKING:
    from slack_sdk import WebClient

TOKEN = "STRANDS_SLACK_TOKEN"
"""The environment variable with the bot's token."""

SECRET = "STRANDS_SLACK_SIGNING_SECRET"
"""The environment variable with what requests of Slack are signed with."""

API = "STRANDS_SLACK_API"
"""The environment variable with the address of the interface, where it is not Slack's own."""

SECONDS = 15
_FINAL = frozenset({"channel_not_found", "is_archived", "user_not_found", "no_permission", "restricted_action"})
_MOST_BYTES = 200_000


class SlackChannel:
    """Tells people in Slack; `to` is a channel or a person: `#cfo`, `C012`, `@U012`.

    Args:
        context: What it uses.
        client: Calls Slack.
        secret: What requests of Slack are signed with.
    """

    name: str = "slack"

    def __init__(self, context: ChannelContext, client: WebClient, secret: str) -> None:
        self._client = client
        self._secret = secret
        self._answers: SlackAnswers | None = None
        if context.inbox is not None:
            self._answers = SlackAnswers(context.inbox, self.call)

    async def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of Slack's, and return what it replies.

        Raises:
            DeliveryError: It replied that it could not be done, or nothing.
        """
        from slack_sdk.errors import SlackApiError

        try:
            return await on_disk(lambda: getattr(self._client, method)(**arguments))
        except SlackApiError as error:
            reply: Any = error.response
            said = str(reply.get("error") or "unknown_error")
            wait = str((reply.headers or {}).get("Retry-After") or "")
            raise DeliveryError(
                f"Slack replied {said}",
                status=reply.status_code,
                retry_after=float(wait) if wait.isdecimal() else None,
                is_final=said in _FINAL,
            ) from error
        except (OSError, ValueError) as error:
            raise DeliveryError(f"Slack could not be reached: {error}") from error

    async def notify(self, note: ChannelNote, to: str) -> Receipt:
        """Post a message with buttons."""
        if note.question is None:
            raise DeliveryError("there is nothing to answer", is_final=True)
        blocks, text = slack_blocks.message(note, note.question)
        reply = await self.call("chat_postMessage", channel=to.removeprefix("@"), text=text, blocks=blocks)
        return Receipt({"channel": reply["channel"], "ts": reply["ts"]})

    async def close(self, receipt: Receipt, note: ChannelNote) -> None:
        """Take the buttons away, and say what became of the question."""
        if note.question is None:
            return
        blocks, text = slack_blocks.closed(note, note.question)
        where = {"channel": receipt.data["channel"], "ts": receipt.data["ts"]}
        try:
            await self.call("chat_update", text=text, blocks=blocks, **where)
        except DeliveryError as error:
            if "message_not_found" not in error.message and "cant_update_message" not in error.message:
                raise  # whoever has removed the message has removed its buttons

    def routes(self) -> Sequence[ChannelRoute]:
        """Return where Slack sends what people do: `/channels/slack/interact`."""
        return [ChannelRoute("POST", "interact", self._interact)]

    async def _interact(self, request: ChannelRequest) -> ChannelReply:
        from slack_sdk.signature import SignatureVerifier

        if len(request.body) > _MOST_BYTES or self._answers is None:
            return ChannelReply(413 if self._answers is not None else 404)
        body = request.body.decode("utf-8", "replace")
        if not SignatureVerifier(self._secret).is_valid_request(body, dict(request.headers)):
            return ChannelReply(401, b"the signature does not hold")
        try:
            payload: Any = json.loads(parse_qs(body)["payload"][0])
        except (KeyError, ValueError):
            return ChannelReply(400, b"there is no payload")
        answers = self._answers
        if payload.get("type") == "block_actions":
            return ChannelReply(later=lambda: answers.clicked(payload))
        if payload.get("type") == "view_submission":
            reply = await asyncio.shield(answers.submitted(payload))
            return ChannelReply(body=json.dumps(reply).encode(), content_type="application/json")
        return ChannelReply()


def channel(context: ChannelContext) -> SlackChannel | None:
    """Return the channel where STRANDS_SLACK_TOKEN is set.

    Raises:
        ChannelError: slack_sdk is not installed, or STRANDS_SLACK_SIGNING_SECRET is not set.
    """
    token, secret = os.environ.get(TOKEN, ""), os.environ.get(SECRET, "")
    if not token:
        return None
    if not secret:
        hint = "Copy the signing secret from the app's page at Slack."
        raise ChannelError(f"{TOKEN} is set, and {SECRET} is not", hint=hint)
    try:
        from slack_sdk import WebClient
    except ImportError as error:
        raise ChannelError("Slack needs slack_sdk", hint="Install it: pip install 'strands-cli[slack]'.") from error
    base = os.environ.get(API, "") or "https://slack.com/api/"
    return SlackChannel(context, WebClient(token=token, base_url=base, timeout=SECONDS), secret)
