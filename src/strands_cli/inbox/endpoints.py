"""Endpoints of webhooks: where events are sent to, which, and what they are signed with."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Sequence
from typing import NamedTuple

from strands_cli.errors import InputError
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.notes import EVENTS
from strands_cli.net.address import why_not
from strands_cli.net.url import URLError, parse

TABLES = [
    "create table if not exists endpoints (id text primary key, url text not null, events text not null, "
    "workflows text not null, is_full int not null, is_private int not null, secrets text not null, "
    "created_at real not null, disabled_at real, problem text not null default '')"
]
WEBHOOK = "webhook"
"""The name of the channel."""
ROTATION_SECONDS = 86_400.0
"""How long what is sent is signed with the old secret as well, once there is a new one."""

_COLUMNS = "id, url, events, workflows, is_full, is_private, secrets, created_at, disabled_at, problem"


def target_of(name: str) -> str:
    """Return to whom something is delivered: a webhook by its id, or another channel's `NAME:WHOM` as it is."""
    return name if ":" in name else f"{WEBHOOK}:{name}"


class Endpoint(NamedTuple):
    """Where events are sent to.

    Attributes:
        id: What it is called.
        url: The address.
        events: Only these events; empty for all.
        workflows: Only of these workflows; empty for all.
        is_full: What is asked and said is sent, too; else the ids alone.
        is_private: It may be in a private network, or on this machine.
        secrets: What is signed with, the newest first: each with the Unix time, in seconds, of its end, or None.
        created_at: Unix time in seconds; what happened before is not sent.
        disabled_at: Unix time, in seconds, since when nothing is sent; None while it is.
        problem: Why it was disabled.
    """

    id: str
    url: str
    events: tuple[str, ...]
    workflows: tuple[str, ...]
    is_full: bool
    is_private: bool
    secrets: tuple[tuple[str, float | None], ...]
    created_at: float
    disabled_at: float | None
    problem: str

    @property
    def target(self) -> str:
        """What it is called among those to whom something is delivered."""
        return target_of(self.id)

    def wants(self, event: str, workflow: str, at: float) -> bool:
        """Whether it is sent an event of `at`, Unix time in seconds."""
        is_meant = event in (self.events or EVENTS) and (not self.workflows or workflow in self.workflows)
        return is_meant and self.disabled_at is None and at >= self.created_at

    def signing(self, now: float) -> list[str]:
        """Return the secrets to sign with at `now`, Unix time in seconds."""
        return [secret for secret, until in self.secrets if until is None or until > now]

    def to_dict(self) -> dict[str, object]:
        """Return what may be shown of it: not its secrets."""
        return {
            "id": self.id,
            "url": self.url,
            "events": list(self.events),
            "workflows": list(self.workflows),
            "full": self.is_full,
            "private": self.is_private,
            "created_at": self.created_at,
            "disabled_at": self.disabled_at,
            "problem": self.problem or None,
        }


class Endpoints:
    """The endpoints of a store's server.

    Args:
        data: Where they are kept.
    """

    def __init__(self, data: ServerData) -> None:
        self._data = data
        data.ensure(TABLES)

    def add(
        self,
        url: str,
        *,
        events: Sequence[str] = (),
        workflows: Sequence[str] = (),
        full: bool = False,
        private: bool = False,
    ) -> tuple[Endpoint, str]:
        """Send events to an address from now on.

        Args:
            url: The address; HTTPS unless it is private.
            events: Only these; empty for all.
            workflows: Only of these; empty for all.
            full: Send what is asked and said, too.
            private: It may be in a private network, or on this machine.

        Returns:
            The endpoint, and its secret, which is not shown again.

        Raises:
            InputError: The address is none, or may not be reached; there is no such event.
        """
        checked = check_url(url, private=private)
        unknown = [event for event in events if event not in EVENTS]
        if unknown:
            raise InputError(f"there is no event {unknown[0]!r}", hint=f"There are: {', '.join(EVENTS)}.")
        secret = new_secret()
        id = f"wh_{secrets.token_hex(6)}"
        row = (id, checked, " ".join(events), json.dumps(list(workflows)), full, private, json.dumps([[secret, None]]))
        self._data.execute(f"insert into endpoints ({_COLUMNS}) values (?,?,?,?,?,?,?,?,null,'')", *row, time.time())
        return self.get(id), secret

    def list(self) -> list[Endpoint]:
        """Return them, the oldest first."""
        return [_endpoint(row) for row in self._data.execute(f"select {_COLUMNS} from endpoints order by created_at")]

    def get(self, id: str) -> Endpoint:
        """Return one.

        Raises:
            InputError: There is none of that id.
        """
        rows = self._data.execute(f"select {_COLUMNS} from endpoints where id = ?", id)
        if not rows:
            raise InputError(f"there is no webhook {id!r}", hint="List them: strands webhooks list.")
        return _endpoint(rows[0])

    def remove(self, id: str) -> None:
        """Send nothing to it any more, and forget it.

        Raises:
            InputError: There is none of that id.
        """
        self.get(id)
        self._data.execute("delete from endpoints where id = ?", id)

    def disable(self, id: str, problem: str) -> None:
        """Send nothing to it until it is enabled."""
        statement = "update endpoints set disabled_at = ?, problem = ? where id = ? and disabled_at is null"
        self._data.execute(statement, time.time(), problem, id)

    def enable(self, id: str) -> Endpoint:
        """Send events to it again; what happened meanwhile is not sent.

        Raises:
            InputError: There is none of that id.
        """
        self.get(id)
        statement = "update endpoints set disabled_at = null, problem = '', created_at = ? where id = ?"
        self._data.execute(statement, time.time(), id)
        return self.get(id)

    def rotate(self, id: str) -> str:
        """Give it a new secret, which is returned; for a day what is sent is signed with the one before, too.

        Raises:
            InputError: There is none of that id.
        """
        secret, now = new_secret(), time.time()
        with self._data.transaction():
            before = [
                (old, min(until or now + ROTATION_SECONDS, now + ROTATION_SECONDS))
                for old, until in self.get(id).secrets
                if until is None or until > now
            ]
            kept = json.dumps([[secret, None], *before[:1]])
            self._data.execute("update endpoints set secrets = ? where id = ?", kept, id)
        return secret


def new_secret() -> str:
    """Return a new secret, as Standard Webhooks writes them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}"


def check_url(url: str, *, private: bool) -> str:
    """Return the address that events may be sent to.

    Raises:
        InputError: It is none, or may not be reached.
    """
    try:
        parsed = parse(url)
    except URLError as error:
        raise InputError(f"{url!r} is no address: {error}", hint="Write https://example.org/path.") from error
    problem = "" if private else why_not(parsed.host)
    if problem:
        hint = "If it is meant, say that it may be private (--private)."
        raise InputError(f"nothing is sent to {parsed.netloc!r}: {problem}", hint=hint)
    if parsed.scheme != "https" and not private:
        raise InputError(f"{url!r} is not HTTPS: others could read what is sent", hint="Use https://.")
    return str(parsed)


def _endpoint(row: tuple[object, ...]) -> Endpoint:
    id, url, events, workflows, full, private, kept, created_at, disabled_at, problem = row
    return Endpoint(
        str(id),
        str(url),
        tuple(str(events).split()),
        tuple(json.loads(str(workflows))),
        bool(full),
        bool(private),
        tuple((secret, until) for secret, until in json.loads(str(kept))),
        float(str(created_at)),
        None if disabled_at is None else float(str(disabled_at)),
        str(problem),
    )
