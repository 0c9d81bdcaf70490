"""API tokens: secrets that programs show, each made for one person, with what it may do; only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from strands_cli.errors import InputError
from strands_cli.inbox.data import ServerData

Scope = Literal[
    "questions:read",
    "questions:answer",
    "sessions:read",
    "sessions:start",
    "sessions:control",
    "audit:read",
    "admin",
]
SCOPES: tuple[str, ...] = get_args(Scope)
TABLES = [
    "create table if not exists tokens (id text primary key, digest text not null unique, person text not null, "
    "scopes text not null, workflows text not null, created_at real not null, expires_at real, revoked_at real, "
    "used_at real)"
]
_PREFIX = "strands_"
_COLUMNS = "id, person, scopes, workflows, created_at, expires_at, revoked_at, used_at"
_DAY, _SELDOM = 86_400.0, 60.0


class Token(NamedTuple):
    """What is known of a token; its secret is not.

    Attributes:
        id: What it is revoked by.
        person: Whom it was made for.
        scopes: What it may do.
        workflows: Only with these workflows; empty for all.
        created_at: Unix time in seconds.
        expires_at: Unix time in seconds, or None for never.
        revoked_at: Unix time in seconds, or None.
        used_at: Unix time, in seconds, at which it was used last, to the minute; None for never.
    """

    id: str
    person: str
    scopes: tuple[str, ...]
    workflows: tuple[str, ...]
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None

    def allows(self, scope: str) -> bool:
        """Whether it may do this; `admin` may do all."""
        return scope in self.scopes or "admin" in self.scopes

    def is_valid(self, now: float) -> bool:
        """Whether it is neither revoked nor expired at `now`, Unix time in seconds."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class Tokens:
    """The tokens that were made for a store's server.

    Args:
        data: Where they are kept.
    """

    def __init__(self, data: ServerData) -> None:
        self._data = data
        data.ensure(TABLES)

    def create(
        self,
        person: str,
        *,
        scopes: Sequence[str] = ("questions:read", "questions:answer", "sessions:read"),
        workflows: Sequence[str] = (),
        days: float | None = 90,
    ) -> tuple[Token, str]:
        """Make a token.

        Args:
            person: Whom it is for: a name of people.yaml, or any.
            scopes: What it may do.
            workflows: Only with these workflows.
            days: Days until it expires; None for never.

        Returns:
            What is known of it, and its secret, which is not kept.

        Raises:
            InputError: A scope is unknown, or nobody is named.
        """
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            said = f"unknown scope {unknown[0]!r}" if unknown else "a token without a scope may do nothing"
            raise InputError(said, hint=f"Scopes: {', '.join(SCOPES)}.")
        if not person.strip():
            raise InputError("a token is made for somebody", hint="Name them: strands token create --for NAME.")
        if days is not None and not 0 < days <= 36_500:
            raise InputError(f"a token does not last {days:g} days", hint="Give days from above 0 to 36500.")
        id_, now = secrets.token_hex(6), time.time()
        secret = f"{_PREFIX}{id_}_{secrets.token_urlsafe(32)}"
        expires = None if days is None else now + days * _DAY
        token = Token(id_, person, tuple(scopes), tuple(workflows), now, expires, None, None)
        self._data.execute(
            f"insert into tokens (digest, {_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _digest(secret),
            *_row(token),
        )
        return token, secret

    def find(self, secret: str) -> Token | None:
        """Return the token of this secret, if it is one and is valid."""
        if not secret.startswith(_PREFIX) or len(secret) > 200:
            return None
        rows = self._data.execute(f"select {_COLUMNS} from tokens where digest = ?", _digest(secret))
        token, now = (_token(rows[0]) if rows else None), time.time()
        if token is None or not token.is_valid(now):
            return None
        if token.used_at is None or now - token.used_at > _SELDOM:
            self._data.execute("update tokens set used_at = ? where id = ?", now, token.id)
        return token

    def get(self, id_: str) -> Token | None:
        """Return the token of this id, if it is valid."""
        rows = self._data.execute(f"select {_COLUMNS} from tokens where id = ?", id_)
        token = _token(rows[0]) if rows else None
        return token if token is not None and token.is_valid(time.time()) else None

    def all(self) -> list[Token]:
        """Return all tokens, the newest first."""
        rows = self._data.execute(f"select {_COLUMNS} from tokens order by created_at desc, id")
        return [_token(row) for row in rows]

    def revoke(self, id_: str) -> Token | None:
        """Have a token be worth nothing from now on; return it, or None if there is none of this id."""
        self._data.execute("update tokens set revoked_at = coalesce(revoked_at, ?) where id = ?", time.time(), id_)
        rows = self._data.execute(f"select {_COLUMNS} from tokens where id = ?", id_)
        return _token(rows[0]) if rows else None


def _digest(secret: str) -> str:
    """A secret of 256 random bits cannot be guessed, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _row(token: Token) -> tuple[object, ...]:
    return (token.id, token.person, " ".join(token.scopes), "\n".join(token.workflows), *token[4:])


def _token(row: Sequence[object]) -> Token:
    id_, person, scopes, workflows, *times = row
    names = (str(id_), str(person), tuple(str(scopes).split()), tuple(filter(None, str(workflows).split("\n"))))
    return Token(*names, *times)  # type: ignore[arg-type]
