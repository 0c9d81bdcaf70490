"""Who asks: by a cookie that sign-in gives, by an API token, or by what a trusted proxy says."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import Token, Tokens
from strands_cli.kernel.principal import Principal
from strands_cli.web.problems import HttpProblem
from strands_cli.web.settings import ServerSettings

SIGNED_IN_SECONDS = 12 * 3600
"""For how long a sign-in holds."""

TABLES = ["create table if not exists signed_out (sign_in text primary key, until real not null)"]
"""The sign-ins that were ended: a copy of their cookie is worth nothing any more."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods of requests that change nothing."""

_KEPT_SECONDS = 86_400.0
"""For how long it is known of a sign-in that has ended that it was signed out: the clock may be set back."""
_PROXY_SECRET = "x-strands-proxy"
_STATE = "strands_principal"


class Caller(NamedTuple):
    """Who asks, and by what.

    Attributes:
        principal: Who it is.
        token: The API token that they sent, or have signed in with; None where they are known otherwise.
        until: Unix time, in seconds, at which their sign-in ends; None without one.
        sign_in: Names their sign-in; "" without one.
    """

    principal: Principal
    token: Token | None = None
    until: float | None = None
    sign_in: str = ""


class RateLimit:
    """Refuses who has failed too often lately.

    Args:
        most: How many failures.
        seconds: Within how many seconds.
    """

    def __init__(self, most: int = 10, seconds: float = 60.0) -> None:
        self._most = most
        self._seconds = seconds
        self._failures: dict[str, list[float]] = {}

    def check(self, request: Request) -> None:
        """Raise a problem where too many have failed from the address of a request."""
        now = time.monotonic()
        recent = [at for at in self._failures.get(_address(request), ()) if now - at < self._seconds]
        if len(recent) >= self._most:
            wait = str(int(self._seconds - (now - recent[0])) + 1)
            raise HttpProblem(429, "too-many", "Too many failed", "Wait a while.", headers={"Retry-After": wait})

    def failed(self, request: Request) -> None:
        """Note that somebody has failed."""
        if len(self._failures) > 10_000:
            self._failures.clear()
        now = time.monotonic()
        recent = [at for at in self._failures.get(_address(request), ()) if now - at < self._seconds]
        self._failures[_address(request)] = [*recent, now]


class Auth:
    """Tells who asks, and signs people in.

    Args:
        inbox: Knows people, and keeps tokens and the key that cookies are signed with.
        settings: How it is known who asks.
    """

    def __init__(self, inbox: Inbox, settings: ServerSettings) -> None:
        self.settings: ServerSettings = settings
        self.tokens: Tokens = Tokens(inbox.data)
        self.limit: RateLimit = RateLimit()
        self._inbox = inbox
        inbox.data.ensure(TABLES)
        self._key = inbox.data.secret("cookies")
        self._cookies = URLSafeTimedSerializer(self._key, salt="signed-in")
        self._networks = [ipaddress.ip_network(each, strict=False) for each in settings.proxy.addresses]

    # -- who asks -------------------------------------------------------------------------------------------------

    def caller(self, request: Request) -> Caller | None:
        """Return who sends a request; None where that is not known.

        Raises:
            HttpProblem: What it brings is not valid: that is not taken for nothing.
        """
        known = request.scope.get(_STATE)
        if known is None:
            self._inbox.look_at_people()
            known = request.scope[_STATE] = (self._caller(request),)
        found: Caller | None = known[0]
        return found

    def require(self, request: Request, scope: str, *, workflow: str = "") -> Principal:
        """Return who sends a request, who may do what `scope` says.

        Args:
            request: The request.
            scope: What an API token must allow, as `questions:answer`; who has signed in may do all that is theirs.
            workflow: The workflow that it is about; "" where that is not known yet.

        Raises:
            HttpProblem: 401 where it is not known who asks, 403 where their token does not allow it.
        """
        caller = self.caller(request)
        if caller is None:
            raise unauthorized()
        if caller.token is not None:
            self.check(caller.token, scope, workflow)
        elif scope == "admin" and not self.is_admin(caller.principal):
            hint = "Give them the role admin in people.yaml, or make a token with the scope admin."
            raise HttpProblem(403, "not-admin", "Whoever asks does not administer this server", hint=hint)
        return caller.principal

    def may(self, caller: Caller, scope: str) -> bool:
        """Whether somebody may do what `scope` says."""
        if caller.token is not None:
            return caller.token.allows(scope)
        return scope != "admin" or self.is_admin(caller.principal)

    def is_admin(self, principal: Principal) -> bool:
        """Whether somebody who has signed in administers this server: its own user, or who has the role `admin`."""
        is_own = self.settings.auth == "local" and principal.id == f"user:os:{self.settings.user}"
        return is_own or "admin" in principal.roles

    def holds(self, caller: Caller) -> bool:
        """Whether what somebody was known by still holds: their token, their sign-in."""
        if caller.until is not None and caller.until <= time.time():
            return False
        if caller.sign_in and self._is_over(caller.sign_in):
            return False
        return caller.token is None or self._of_somebody(self.tokens.get(caller.token.id)) is not None

    def check(self, token: Token, scope: str, workflow: str = "") -> None:
        """Check that a token allows something.

        Raises:
            HttpProblem: It does not.
        """
        if not token.allows(scope):
            hint = f"Make one with it: strands token create --for {token.person} --scope {scope}"
            raise HttpProblem(403, "scope", "The token does not allow it", f"It lacks the scope {scope}.", hint=hint)
        if token.workflows and workflow and workflow not in token.workflows:
            raise HttpProblem(403, "workflow", "The token is not for this workflow")

    def token(self, secret: str) -> Token | None:
        """Return the token of a secret; None where it is none, is not valid, or who it was made for is gone."""
        return self._of_somebody(self.tokens.find(secret))

    def _of_somebody(self, token: Token | None) -> Token | None:
        return None if token is None or self._inbox.is_gone(token.person) else token

    def workflows(self, request: Request) -> frozenset[str] | None:
        """Return the only workflows that the token of a request is for; None for all."""
        caller = self.caller(request)
        limited = caller.token.workflows if caller is not None and caller.token is not None else ()
        return frozenset(limited) or None

    def sees(self, request: Request, workflow: str) -> bool:
        """Whether a request may see what belongs to a workflow."""
        only = self.workflows(request)
        return only is None or workflow in only

    def _caller(self, request: Request) -> Caller | None:
        header = request.headers.get("authorization")
        if header is not None:
            return self._by_token(request, header)
        if self.settings.auth == "proxy":
            return self._by_proxy(request)
        cookie = request.cookies.get(self.settings.cookie)
        if cookie and self._signed_in(cookie)[0] is not None:
            self._check_own_page(request)
            return self._by_cookie(cookie)
        return None

    def _by_token(self, request: Request, header: str) -> Caller:
        kind, _, secret = header.partition(" ")
        token = self.token(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:  # who has a token is not kept out by others behind the same proxy
            self.limit.check(request)
            self.limit.failed(request)
            raise unauthorized("The token is unknown, revoked or expired, or who it was made for is gone.")
        return Caller(self._inbox.people.of_person(token.person, f"token:{token.id}"), token)

    def _by_cookie(self, cookie: str) -> Caller | None:
        told, until = self._signed_in(cookie)
        if told is None or self._is_over(told["nonce"]):
            return None
        principal = Principal.from_dict(told["principal"])
        if not principal.id.startswith("token:"):
            return Caller(self._current(principal), None, until, told["nonce"])
        token = self._of_somebody(self.tokens.get(principal.id.partition(":")[2]))
        if token is None:
            return None
        return Caller(self._inbox.people.of_person(token.person, principal.id, via="web"), token, until, told["nonce"])

    def _check_own_page(self, request: Request) -> None:
        """Browsers add a cookie to what other pages send, too: by one alone nothing is changed from there.

        Raises:
            HttpProblem: Another page may have sent the request.
        """
        if request.method in SAFE_METHODS:
            return
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
        own = origin in self.settings.allowed_origins or urlsplit(origin).netloc == request.headers.get("host")
        if not (own if site is None else site == "same-origin"):
            raise cross_site()

    def _is_over(self, sign_in: str) -> bool:
        return bool(self._inbox.data.execute("select 1 from signed_out where sign_in = ?", sign_in))

    def _signed_in(self, cookie: str) -> tuple[dict[str, Any] | None, float]:
        """Return what a cookie says, and until when it holds; None for one that was not given out by this way in."""
        told, until = unexpired(self._cookies, cookie, SIGNED_IN_SECONDS)
        is_ours = isinstance(told, dict) and told.get("auth") == self.settings.auth
        return told if is_ours else None, until

    def _by_proxy(self, request: Request) -> Caller | None:
        proxy = self.settings.proxy
        name = request.headers.get(proxy.user_header, "").strip()
        if not name:
            return None
        given = request.headers.get(_PROXY_SECRET, "")
        is_it = hmac.compare_digest(given.encode("latin-1"), proxy.secret.encode()) and bool(proxy.secret)
        if not (is_it and self._is_proxy(request)):
            raise HttpProblem(403, "not-the-proxy", "Only the proxy may say who asks")
        groups = request.headers.get(proxy.groups_header, "")
        roles = [group.strip() for group in groups.split(",") if group.strip()]
        return Caller(
            self._inbox.people.principal(f"user:proxy:{name}", name=name, roles=roles, auth="login", via="web")
        )

    def _is_proxy(self, request: Request) -> bool:
        if self.settings.is_socket:
            return True
        try:
            address = ipaddress.ip_address(_address(request))
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def _current(self, principal: Principal) -> Principal:
        """Return who has signed in with what is known of them now: people.yaml may have changed."""
        return self._inbox.people.principal(
            principal.id, name=principal.name, roles=principal.roles, auth=principal.auth, via=principal.via
        )

    # -- signing in -----------------------------------------------------------------------------------------------

    def principal_of_secret(self, request: Request, secret: str, *, in_address: bool = False) -> Principal:
        """Return who signs in with a secret: that in the printed address, or an API token.

        Args:
            request: The request.
            secret: The secret.
            in_address: It came in an address, which histories and logs keep: an API token is not taken from there.

        Raises:
            HttpProblem: It is not one; or too many were tried.
        """
        own = self.settings.login_token
        if own and hmac.compare_digest(secret.encode("utf-8", "surrogatepass"), own.encode()):
            name = self.settings.user
            return self._inbox.people.principal(f"user:os:{name}", name=name, auth="login", via="web")
        token = self.token(secret) if self.settings.auth in ("local", "token") and not in_address else None
        if token is None:
            self.limit.check(request)
            self.limit.failed(request)
            raise unauthorized("This is not a token that is valid here.")
        return self._inbox.people.of_person(token.person, f"token:{token.id}", via="web")

    def sign_in(self, response: Response, principal: Principal) -> None:
        """Have the browser that gets this response be `principal` from now on."""
        person = self._inbox.people.by_key.get(principal.person)
        if person is not None:  # these are looked up with each request, so that one that is taken away is gone
            principal = replace(principal, roles=principal.roles - person.roles)
        nonce = secrets.token_hex(8)
        told = self._cookies.dumps({"principal": principal.to_dict(), "auth": self.settings.auth, "nonce": nonce})
        assert isinstance(told, str)
        strict: Any = "lax" if self.settings.auth == "oidc" else "strict"  # a provider's page leads back here
        options: dict[str, Any] = {"httponly": True, "samesite": strict, "secure": self.settings.is_secure}
        response.set_cookie(self.settings.cookie, told, max_age=SIGNED_IN_SECONDS, path="/", **options)

    def sign_out(self, request: Request, response: Response) -> None:
        """Have the browser that gets this response be nobody, and end its sign-in wherever its cookie is."""
        told, until = self._signed_in(request.cookies.get(self.settings.cookie, ""))
        if told is not None:
            with self._inbox.data.transaction():
                self._inbox.data.execute("delete from signed_out where until < ?", time.time() - _KEPT_SECONDS)
                self._inbox.data.execute("insert or ignore into signed_out values (?, ?)", told["nonce"], until)
        response.delete_cookie(self.settings.cookie, path="/", httponly=True, secure=self.settings.is_secure)

    # -- forms ----------------------------------------------------------------------------------------------------

    def form_token(self, request: Request, *about: str) -> str:
        """Return what a form sends back, so that nobody else can have made it.

        Args:
            request: The request of the page with the form; its cookie is in the token.
            about: What the form is about: a question's ref and what was shown.
        """
        cookie = request.cookies.get(self.settings.cookie, "")
        told = "\0".join((cookie, *about)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, hashlib.sha256(told).digest(), hashlib.sha256).hexdigest()

    def check_form(self, request: Request, given: str, *about: str) -> None:
        """Check what a form has sent back.

        Raises:
            HttpProblem: It was not made for this person and this.
        """
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.form_token(request, *about).encode()):
            raise HttpProblem(403, "form", "The form is not from this server, or too old", hint="Load the page again.")


def unexpired(cookies: URLSafeTimedSerializer, text: str, seconds: float) -> tuple[Any, float]:
    """Return what a cookie says, and the Unix time at which it ends; (None, 0.0) for one that does not hold.

    One that was signed a while from now holds: the clock has been set back since, and whoever has it has signed in.

    Args:
        cookies: What it was signed by.
        text: The cookie.
        seconds: For how long it holds; so far ahead it may be, too.
    """
    try:
        told, signed_at = cookies.loads(text, return_timestamp=True)
    except BadData:
        return None, 0.0
    until = signed_at.timestamp() + seconds
    return (told, until) if 0 < until - time.time() <= 2 * seconds else (None, 0.0)


def cross_site() -> HttpProblem:
    """Return the problem of a request that another site may have sent."""
    hint = "Send it from this server's own pages, or with an API token and without Origin."
    return HttpProblem(403, "cross-site", "Another site sent this request", hint=hint)


def unauthorized(detail: str = "") -> HttpProblem:
    """Return the problem of somebody who is not known."""
    headers = {"WWW-Authenticate": "Bearer"}
    hint = "Sign in, or send an API token: Authorization: Bearer TOKEN."
    return HttpProblem(401, "unauthorized", "It is not known who asks", detail, hint=hint, headers=headers)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
