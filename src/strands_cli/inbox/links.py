"""Answer links: secrets that are sent to one person, to answer one question as it was shown; only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import NamedTuple

from strands_cli.inbox.data import ServerData
from strands_cli.kernel.principal import Principal
from strands_cli.people import People

TABLES = [
    "create table if not exists links (digest text primary key, ref text not null, person text not null, "
    "shown text not null, via text not null, created_at real not null, expires_at real not null, used_at real)"
]
DAYS = 14.0
"""How long a link to a question without a deadline can be used."""

_DAY = 86_400.0
_BYTES = 32


class Link(NamedTuple):
    """What a link is good for.

    Attributes:
        ref: The question.
        person: Whom it was sent to: a name of people.yaml.
        shown: The digest of what it was sent about: another question is not answered by it.
        via: The channel that it was sent through.
        expires_at: Unix time in seconds.
        request: Names the one answer that it can give.
    """

    ref: str
    person: str
    shown: str
    via: str
    expires_at: float
    request: str

    def principal(self, people: People) -> Principal:
        """Return who answers by it: known by a link, and by nothing stronger."""
        return people.of_person(self.person, f"link:{self.person}", auth="link", via=self.via)


class Links:
    """The answer links that were sent.

    Args:
        data: Where they are kept.
    """

    def __init__(self, data: ServerData) -> None:
        self._data = data
        data.ensure(TABLES)

    def create(self, ref: str, person: str, shown: str, *, via: str = "mail", expires_at: float | None = None) -> str:
        """Make a link, and return its secret: what follows `/a/` in the address.

        Args:
            ref: The question.
            person: Whom it is sent to: a name of people.yaml.
            shown: The digest of what it is sent about.
            via: The channel that it is sent through.
            expires_at: Unix time in seconds; default: in fourteen days.
        """
        token, now = secrets.token_urlsafe(_BYTES), time.time()
        until = min(expires_at or now + DAYS * _DAY, now + 366 * _DAY)
        row = (_digest(token), ref, person, shown, via, now, until)
        self._data.execute("insert into links values (?, ?, ?, ?, ?, ?, ?, null)", *row)
        return token

    def find(self, token: str) -> Link | None:
        """Return what a link is good for; None where it is none, has expired, or was used. Looking uses nothing up."""
        digest = _digest(token)
        statement = "select ref, person, shown, via, expires_at from links where digest = ? and used_at is null"
        for ref, person, shown, via, expires_at in self._data.execute(statement, digest):
            if expires_at > time.time():
                return Link(ref, person, shown, via, expires_at, f"link-{digest[:32]}")
        return None

    def use(self, token: str) -> bool:
        """Use a link up; False where it was, by somebody else meanwhile."""
        statement = "update links set used_at = ? where digest = ? and used_at is null returning digest"
        return bool(self._data.execute(statement, time.time(), _digest(token)))

    def revoke(self, ref: str) -> None:
        """Let no link to a question be used any more: it waits for no answer."""
        self._data.execute("update links set used_at = ? where ref = ? and used_at is null", time.time(), ref)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
