"""What people do in Slack: a click, a form that was sent; whether they may is seen to first."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from strands_cli.channels import slack_blocks
from strands_cli.channels.channel import DeliveryError
from strands_cli.errors import StrandsError
from strands_cli.forms import Form, FormAnswerError, form_of, read
from strands_cli.forms.slack import PREFIX, shown, submitted
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.views import InboxQuestion
from strands_cli.kernel.principal import Principal
from strands_cli.types import Json

logger: logging.Logger = logging.getLogger(__name__)

Call = Callable[..., Awaitable[Any]]
_SIGN_IN = "Open its page to answer it."


class SlackAnswers:
    """Takes answers that are given in Slack.

    Args:
        inbox: Takes them.
        call: Calls a method of Slack's.
    """

    def __init__(self, inbox: Inbox, call: Call) -> None:
        self._inbox = inbox
        self._call = call

    async def clicked(self, payload: Mapping[str, Any]) -> None:
        """Answer with what a button says, or open its form; whoever may not is told why, and nobody else."""
        action: Mapping[str, Any] = (payload.get("actions") or [{}])[0]
        if not str(action.get("action_id", "")).startswith(slack_blocks.ANSWER):
            return
        try:
            held = json.loads(action["value"])
            said = await self._clicked(payload, held)
        except (ValueError, KeyError, TypeError, AttributeError):
            said = "This button is not one that was posted here."
        except StrandsError as error:
            said = _words(error)
        except DeliveryError as error:
            said = error.message
        if said:
            await self._tell(payload, said)

    async def _clicked(self, payload: Mapping[str, Any], held: Mapping[str, Any]) -> str:
        """Return what whoever clicked is told; "" for nothing."""
        principal = self.principal(payload)
        found = await self._inbox.question(held["ref"], principal)
        refused = _refusal(found, held["shown"])
        if refused:
            return refused
        form, choice = form_of(found.question), str(held.get("choice", ""))
        if choice and not _asks_more(form, choice):
            value = read(form, {form.fields[0].name: choice})
            await self._answer(payload, held, value, principal)
            return ""
        decision = choice if form.decides is not None else ""
        view = slack_blocks.modal(held["ref"], found.question, form, decision, _channel(payload))
        if view is None:
            return f"It cannot be answered here. {_SIGN_IN}"
        await self._call("views_open", trigger_id=payload["trigger_id"], view=view)
        return ""

    async def submitted(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Answer with what a form was filled in with; return what Slack shows then."""
        view: Mapping[str, Any] = payload.get("view") or {}
        try:
            held = json.loads(view["private_metadata"])
            principal = self.principal(payload)
            found = await self._inbox.question(held["ref"], principal)
            refused = _refusal(found, held["shown"])
            if refused:
                return {"response_action": "update", "view": slack_blocks.said(refused)}
            form = form_of(found.question)
            value = read(form, submitted(form, view["state"]["values"], held["decision"]))
            await self._answer(payload, held, value, principal)
        except FormAnswerError as error:
            return _problems(view, error)
        except (ValueError, KeyError, TypeError, AttributeError):
            return {
                "response_action": "update",
                "view": slack_blocks.said("This form is not one that was opened here."),
            }
        except StrandsError as error:
            return {"response_action": "update", "view": slack_blocks.said(_words(error))}
        return {"response_action": "clear"}

    def principal(self, payload: Mapping[str, Any]) -> Principal:
        """Return who did something: the user's id in their team, which stays; never what they call themselves."""
        user: Mapping[str, Any] = payload["user"]
        team = (payload.get("team") or {}).get("id") or user["team_id"]
        name = str(user.get("name") or user.get("username") or "")
        return self._inbox.people.principal(f"user:slack:{team}/{user['id']}", name=name, auth="login", via="slack")

    async def _answer(
        self, payload: Mapping[str, Any], held: Mapping[str, Any], value: Json, principal: Principal
    ) -> None:
        once = payload.get("trigger_id") or (payload.get("view") or {}).get("id") or json.dumps(held, sort_keys=True)
        request = f"slack-{hashlib.sha256(str(once).encode()).hexdigest()[:32]}"
        await self._inbox.answer(held["ref"], value, principal, shown=held["shown"], request=request)

    async def _tell(self, payload: Mapping[str, Any], text: str) -> None:
        try:
            user = payload["user"]["id"]
            await self._call("chat_postEphemeral", channel=_channel(payload), user=user, text=_escaped(text))
        except (DeliveryError, KeyError) as error:
            logger.warning("somebody in Slack could not be told %r: %s", text, error)


def _channel(payload: Mapping[str, Any]) -> str:
    where: Mapping[str, Any] = payload.get("channel") or payload.get("container") or {}
    return str(where.get("id") or where.get("channel_id") or "")


def _refusal(found: InboxQuestion, shown_then: str) -> str:
    """Return why a question is not answered; "" where it may be."""
    if found.status not in ("open", "claimed"):
        if found.answer is not None:
            return f"It was answered already by {found.answer.get('by') or 'somebody'}: {found.answer.get('value')}"
        return f"It is {found.status}."
    if found.may is not None:
        return f"{found.may.message}. {found.may.hint}".rstrip()
    if found.shown != shown_then:
        return f"The question has changed since it was posted. {_SIGN_IN}"
    return ""


def _asks_more(form: Form, choice: str) -> bool:
    """Whether there is more to fill in once a choice is taken."""
    return form.decides is not None and any(field.name != "remember" for field in shown(form, choice))


def _problems(view: Mapping[str, Any], error: FormAnswerError) -> dict[str, Any]:
    there = {block.get("block_id") for block in view.get("blocks") or () if block.get("type") == "input"}
    told = {f"{PREFIX}{name}": problem for name, problem in error.problems.items() if f"{PREFIX}{name}" in there}
    if told:
        return {"response_action": "errors", "errors": told}
    return {"response_action": "update", "view": slack_blocks.said(f"It was not taken: {error}")}


def _words(error: StrandsError) -> str:
    return f"{error.message}. {error.hint or ''}".rstrip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
