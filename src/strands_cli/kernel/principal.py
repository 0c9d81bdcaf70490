"""Who answers, and how that is known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

from strands_cli.types import Json

Auth = Literal["asserted", "link", "token", "login"]
"""How it is known who somebody is, the weakest first.

- `asserted`: they say so themselves.
- `link`: they have a link that was sent to one person.
- `token`: they have a secret that was made for them.
- `login`: they have logged in, to the machine or to an identity provider.
"""

PrincipalKind = Literal["person", "agent", "system"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who starts, answers or decides.

    Attributes:
        id: What stays the same where names change: `user:os:anna`, `token:7f3a`, `user:oidc:ISSUER#SUBJECT`.
        name: What people are shown; "" for the id.
        roles: The roles that they have now.
        auth: How it is known who they are.
        via: The channel: terminal, python, web, api, slack, mail, mcp.
        person: The person that several ids are of; "" where only the id is known.
        on_behalf: Whom they stand in for, by `who`; "" for nobody.
        kind: A person; an agent, which may not decide over what agents do; or this system.
    """

    id: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    auth: Auth = "asserted"
    via: str = "python"
    person: str = ""
    on_behalf: str = ""
    kind: PrincipalKind = "person"

    @property
    def who(self) -> str:
        """Whom they count as where it matters that two are not the same: the person, else the id."""
        return self.person or self.id

    @property
    def shown(self) -> str:
        """What people are shown."""
        return self.name or self.person or self.id

    def is_known_by(self, auth: Auth) -> bool:
        """Whether it is known at least as well as `auth` who they are."""
        order = get_args(Auth)
        return order.index(self.auth) >= order.index(auth)

    def to_dict(self) -> dict[str, Json]:
        """Return what is recorded: plain JSON values, without what is unset."""
        told: dict[str, Json] = {"id": self.id, "auth": self.auth, "via": self.via}
        if self.roles:
            told["roles"] = sorted(self.roles)
        for name in ("name", "person", "on_behalf"):
            if getattr(self, name):
                told[name] = getattr(self, name)
        if self.kind != "person":
            told["kind"] = self.kind
        return told

    @classmethod
    def from_dict(cls, told: dict[str, Json]) -> Principal:
        """Return the principal that was recorded as `to_dict` tells."""
        return cls(**{**told, "roles": frozenset(told.get("roles", ()))})


def os_principal(via: str = "python") -> Principal:
    """Return the user that this process runs as: the person that the file named by STRANDS_PEOPLE says, if any.

    Raises:
        PeopleFileError: That file cannot be read, or says what cannot be.
    """
    from strands_cli.kernel.handlers import current_user

    name = current_user()
    user = Principal(f"user:os:{name}", name, auth="login", via=via)
    if not os.environ.get("STRANDS_PEOPLE"):
        return user
    from importlib import import_module

    known: Principal = import_module("strands_cli.people").known(user)  # stands above the kernel
    return known


def started_by(principal: Principal) -> dict[str, Json]:
    """Return what the opening of a session records of who starts it."""
    return {"by": principal.shown, "principal": principal.to_dict()}


TIMER = Principal("system:timer", "timer", auth="login", via="timer", kind="system")
"""What acts when a time has come."""
