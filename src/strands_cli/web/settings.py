"""How a server is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

AuthMode = Literal["local", "token", "proxy", "oidc"]

MOST_BYTES = 1_000_000
"""How large a request's body may be."""


@dataclass(frozen=True)
class ProxySettings:
    """A proxy that says who asks.

    Attributes:
        addresses: Its addresses or networks; whoever comes over a Unix socket is it anyway.
        secret: What it sends in the header `X-Strands-Proxy`.
        user_header: The header with the user's name.
        groups_header: The header with the user's groups, separated by commas.
    """

    addresses: tuple[str, ...] = ()
    secret: str = ""
    user_header: str = "X-Forwarded-User"
    groups_header: str = "X-Forwarded-Groups"


@dataclass(frozen=True)
class OidcSettings:
    """An OpenID Connect provider.

    Attributes:
        issuer: Its URL.
        client_id: What this server is called there.
        client_secret: Its secret there; "" for a public client.
        scope: What is asked for.
        groups_claim: The claim with the user's groups.
        roles: Group to role; a group that is not named here is no role.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    scope: str = "openid profile"
    groups_claim: str = "groups"
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ServerSettings:
    """How a server is set up.

    Attributes:
        origin: Where people reach it, as `https://strands.example.org`; it alone may send forms.
        auth: How it is known who asks, besides API tokens.
        login_token: With `local`: the secret in the address that is printed.
        user: With `local`: the name of the user whose server it is.
        hosts: Further names under which it may be addressed.
        drive: How many sessions are driven here at a time; 0 for none.
        grace: Seconds that steps at work may go on when it is told to end.
        proxy: With `proxy`: who may say who asks.
        oidc: With `oidc`: the provider.
        is_socket: It listens on a Unix socket.
        mcp: It is an MCP server as well, at /mcp.
        is_rehearsal: What it drives is rehearsed: its pages say so, and its channels tell nobody.
    """

    origin: str = "http://127.0.0.1:8765"
    auth: AuthMode = "local"
    login_token: str = field(default="", repr=False)
    user: str = ""
    hosts: tuple[str, ...] = ()
    drive: int = 8
    grace: float = 25.0
    proxy: ProxySettings = field(default_factory=ProxySettings)
    oidc: OidcSettings | None = None
    is_socket: bool = False
    mcp: bool = False
    is_rehearsal: bool = False

    @property
    def is_secure(self) -> bool:
        """Whether people reach it by HTTPS."""
        return urlsplit(self.origin).scheme == "https"

    @property
    def cookie(self) -> str:
        """The name of the cookie: browsers send it to all ports of a host, so two servers of one need two names."""
        own = urlsplit(self.origin)
        return f"strands_{own.port or (443 if self.is_secure else 80)}"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """What a request's Host header may be."""
        own = urlsplit(self.origin)
        names = {own.netloc.lower(), *(host.lower() for host in self.hosts)}
        if own.hostname in ("127.0.0.1", "localhost"):
            port = f":{own.port}" if own.port else ""
            names |= {f"127.0.0.1{port}", f"localhost{port}"}
        return frozenset(names)

    @property
    def allowed_origins(self) -> frozenset[str]:
        """What a request's Origin header may be."""
        scheme = urlsplit(self.origin).scheme
        return frozenset(f"{scheme}://{host}" for host in self.allowed_hosts)
