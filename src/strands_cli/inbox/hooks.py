"""Webhooks in: a signed message of another system starts a workflow, or answers a question."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from strands_cli.errors import InputError
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.endpoints import new_secret
from strands_cli.kernel.principal import Principal
from strands_cli.loader.template import check, plain_paths, render
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.inbox.inbox import Inbox

TABLES = [
    "create table if not exists hooks (name text primary key, secret text not null, workflow text not null, "
    "fields text not null, created_at real not null)"
]
_ANSWER, _MORE = {"question", "value"}, {"shown"}


class Hook(NamedTuple):
    """What becomes of messages to `/hooks/NAME`.

    Attributes:
        name: What it is called in the address.
        secret: What messages are signed with.
        workflow: The workflow that each starts; "" where it answers.
        fields: Input to its template over `body`; of one that answers, `question` (the ref), `value` and, as approvals
            take it, `shown`: the digest of what was shown.
    """

    name: str
    secret: str
    workflow: str
    fields: Mapping[str, str]

    def principal(self) -> Principal:
        """Return who it is that starts or answers: the system that has the secret."""
        return Principal(f"token:hook-{self.name}", self.name, auth="token", via="webhook", kind="system")


class Hooks:
    """The hooks of a store's server.

    Args:
        data: Where they are kept.
    """

    def __init__(self, data: ServerData) -> None:
        self._data = data
        data.ensure(TABLES)

    def add(self, name: str, *, workflow: str = "", fields: Mapping[str, str] | None = None) -> Hook:
        """Take messages from now on, in place of the hook of that name.

        Args:
            name: What it is called in the address.
            workflow: The workflow that each message starts; "" to answer.
            fields: As in `Hook`; a template that is one path, as `{{ body.amount }}`, keeps the type of the value.

        Raises:
            InputError: A template is wrong, or something is missing.
        """
        told = dict(fields or {})
        if not name or not all(each.isalnum() or each in "-_" for each in name) or len(name) > 100:
            raise InputError(f"{name!r} is no name", hint="Take letters, digits, - and _.")
        if not workflow and told.keys() - _MORE != _ANSWER:
            raise InputError(
                "an answer takes `question` and `value`", hint="question={{ body.ref }} value={{ body.value }}"
            )
        for template in told.values():
            check(template)
        hook = Hook(name, new_secret(), workflow, told)
        row = (name, hook.secret, workflow, json.dumps(told), time.time())
        self._data.execute("insert or replace into hooks values (?, ?, ?, ?, ?)", *row)
        return hook

    def get(self, name: str) -> Hook | None:
        """Return one; None where there is none."""
        rows = self._data.execute("select name, secret, workflow, fields from hooks where name = ?", name)
        return Hook(rows[0][0], rows[0][1], rows[0][2], json.loads(rows[0][3])) if rows else None

    def list(self) -> list[Hook]:
        """Return them, by name."""
        rows = self._data.execute("select name, secret, workflow, fields from hooks order by name")
        return [Hook(name, secret, workflow, json.loads(fields)) for name, secret, workflow, fields in rows]

    def remove(self, name: str) -> None:
        """Take no messages any more.

        Raises:
            InputError: There is none of that name.
        """
        if not self._data.execute("delete from hooks where name = ? returning name", name):
            raise InputError(f"there is no hook {name!r}", hint="List them: strands webhooks list.")


async def take(inbox: Inbox, hook: Hook, body: Json, message_id: str) -> dict[str, Json]:
    """Start or answer as a hook says; the same message again does nothing more.

    Args:
        inbox: Takes it.
        hook: The hook.
        body: The message.
        message_id: Its id.

    Returns:
        The session, and how it stands.

    Raises:
        StrandsError: It cannot be started or answered with that.
    """
    values = {name: _value(template, body) for name, template in hook.fields.items()}
    principal, request = hook.principal(), f"hook-{hook.name}-{message_id}"
    if hook.workflow:
        started = await inbox.start(hook.workflow, values, principal, request=request)
        return {"session": started.session, "replayed": started.replayed}
    shown = str(values["shown"]) if values.get("shown") else None
    done = await inbox.answer(str(values["question"]), values["value"], principal, shown=shown, request=request)
    return {"session": done.question.session, "status": done.session_status, "replayed": done.replayed}


def _value(template: str, body: Json) -> Json:
    paths = plain_paths(template)
    if paths is not None and len(paths) == 1 and template.strip() == template:
        whole = _at({"body": body}, paths[0]) if template.startswith("{{") and template.endswith("}}") else None
        if whole is not None and template.count("{{") == 1:
            return whole
    return render(template, {"body": body})


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
