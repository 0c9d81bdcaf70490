"""`strands serve`."""

from __future__ import annotations

import ipaddress
import os
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from strands_cli.cli import completion, options
from strands_cli.errors import USAGE, StrandsError

if TYPE_CHECKING:
    from strands_cli.web.settings import OidcSettings, ProxySettings


class ServerNotReadyError(StrandsError):
    """A server cannot be started like this; nothing was served."""

    exit_code = USAGE


@click.command("serve")
@click.argument("targets", metavar="[TARGET]...", nargs=-1, shell_complete=completion.files)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="The port; 0 for any that is free."
)
@click.option("--uds", metavar="PATH", help="A Unix socket to listen on, instead.")
@click.option(
    "--auth",
    type=click.Choice(["local", "token", "proxy", "oidc"]),
    default="local",
    show_default=True,
    help="How it is known who asks; local is for this machine alone.",
)
@click.option("--origin", metavar="URL", help="Where people reach it: https://strands.example.org.")
@click.option("--host-name", "hosts", metavar="NAME", multiple=True, help="A further Host header to allow.")
@click.option(
    "--people",
    metavar="FILE",
    envvar="STRANDS_PEOPLE",
    show_envvar=True,
    shell_complete=completion.files,
    help="people.yaml: who people are, and their roles.",
)
@click.option("--drive", type=click.IntRange(0, 256), default=8, show_default=True, help="So many sessions at a time.")
@options.grace
@click.option("--data", metavar="FILE", help="Where tokens and the like are kept; default: STRANDS_HOME/server.")
@click.option("--trust-proxy", "proxies", metavar="ADDRESS", multiple=True, help="With --auth proxy: its address.")
@click.option("--oidc-issuer", metavar="URL", help="With --auth oidc: the provider.")
@click.option("--oidc-client-id", metavar="ID", help="With --auth oidc: what this server is called there.")
@click.option("--oidc-role", "roles", metavar="GROUP=ROLE", multiple=True, help="With --auth oidc: a group's role.")
@click.option("--mcp", is_flag=True, help="Offer the workflows as tools to MCP clients as well, at /mcp.")
@click.option("--offline", is_flag=True, help="Rehearse: no key is needed, and nothing happens but on the pages.")
@options.debug
def command(
    targets: tuple[str, ...],
    host: str,
    port: int,
    uds: str | None,
    auth: str,
    origin: str | None,
    hosts: tuple[str, ...],
    people: str | None,
    drive: int,
    grace: float,
    data: str | None,
    proxies: tuple[str, ...],
    oidc_issuer: str | None,
    oidc_client_id: str | None,
    roles: tuple[str, ...],
    mcp: bool,
    offline: bool,
    debug: bool,
) -> int:
    """Serve the inbox, the REST interface and the pages, and drive what is due of the workflows that TARGETs name.

    TARGETs are files, or module:NAME of one, a list or a dict of workflows. For this machine alone it prints an address
    with a secret to sign in with; anywhere else it wants --auth and --origin.
    """
    _check_origin(origin, uds)
    if uds is None:
        _check_reach(host, auth, origin)
    _check_installed(auth)
    if mcp:
        from strands_cli.mcp_server.sdk import check_sdk

        check_sdk()
    from strands._home import home
    from strands_cli.cli import logs
    from strands_cli.inbox.apps import Apps
    from strands_cli.inbox.data import ServerData
    from strands_cli.inbox.inbox import Inbox
    from strands_cli.kernel.handlers import current_user
    from strands_cli.people import People
    from strands_cli.session.repository import store_at
    from strands_cli.web.serving import Listening, serve
    from strands_cli.web.settings import ServerSettings

    logs.configure(debug=debug)
    own = (click.get_current_context().find_root().obj or {}).get("store")
    store, apps = store_at(home() / "rehearsals" if offline and own is None else None), Apps.of(targets)
    inbox = Inbox(
        store,
        people=People.from_file(people) if people is not None else None,
        apps=apps.rehearsal() if offline else apps,
        data=ServerData(data) if data is not None else ServerData.of(store),
        only_rehearsals=offline,
    )
    known: dict[str, Any] = {
        "auth": auth,
        "login_token": secrets.token_urlsafe(32) if auth == "local" else "",
        "user": current_user(),
        "hosts": hosts,
        "drive": drive,
        "grace": grace,
        "proxy": _proxy(auth, proxies, uds),
        "oidc": _oidc(auth, oidc_issuer, oidc_client_id, roles),
        "is_socket": uds is not None,
        "mcp": mcp,
        "is_rehearsal": offline,
    }
    with Listening(host, port, uds) as listening:
        return serve(inbox, ServerSettings(origin=origin or listening.origin, **known), listening, say=_say)


def _say(text: str) -> None:
    from strands_cli.cli.errors import say

    say(text)


def _check_origin(origin: str | None, uds: str | None) -> None:
    if origin is None:
        if uds is not None:
            raise ServerNotReadyError("a Unix socket has no address", hint="Name where people reach it with --origin.")
        return
    if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).netloc:
        raise ServerNotReadyError(f"--origin {origin!r} is not https://HOST", hint="Name where people reach it.")
    if urlsplit(origin).path.rstrip("/"):
        raise ServerNotReadyError(f"--origin {origin!r} has a path", hint="Give scheme and host alone.")


def _check_reach(host: str, auth: str, origin: str | None) -> None:
    from strands_cli.cli.listening import Address

    if Address(host, 0).is_local:
        return
    if auth == "local":
        raise ServerNotReadyError(
            f"{host} is not this machine alone, and nobody would have to say who they are",
            hint="Give --auth token, proxy or oidc, and --origin https://...; or leave out --host.",
        )
    if origin is None:
        raise ServerNotReadyError(
            f"{host} is not this machine alone, and where people reach it is not known",
            hint="Give --origin https://...: other pages may then not send forms.",
        )


def _proxy(auth: str, proxies: tuple[str, ...], uds: str | None) -> ProxySettings:
    from strands_cli.web.settings import ProxySettings

    secret = os.environ.get("STRANDS_PROXY_SECRET", "")
    if auth != "proxy":
        return ProxySettings()
    if not secret:
        raise ServerNotReadyError(
            "the proxy has no secret", hint="Set STRANDS_PROXY_SECRET, and have it sent as X-Strands-Proxy."
        )
    if not proxies and uds is None:
        raise ServerNotReadyError("which proxy is trusted is not said", hint="Give --trust-proxy ADDRESS, or --uds.")
    for each in proxies:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError:
            raise ServerNotReadyError(
                f"--trust-proxy {each!r} is no address", hint="As 10.0.0.7 or 10.0.0.0/24."
            ) from None
    return ProxySettings(proxies, secret)


def _oidc(auth: str, issuer: str | None, client_id: str | None, roles: tuple[str, ...]) -> OidcSettings | None:
    from strands_cli.web.settings import OidcSettings

    if auth != "oidc":
        return None
    if not issuer or not client_id:
        raise ServerNotReadyError(
            "which provider is meant is not said", hint="Give --oidc-issuer and --oidc-client-id."
        )
    pairs = [role.partition("=") for role in roles]
    if any(not group or not role for group, _, role in pairs):
        raise ServerNotReadyError("--oidc-role is not GROUP=ROLE", hint="As --oidc-role accounting=finance.")
    secret = os.environ.get("STRANDS_OIDC_CLIENT_SECRET", "")
    return OidcSettings(issuer, client_id, secret, roles={group: role for group, _, role in pairs})


def _check_installed(auth: str) -> None:
    from importlib.util import find_spec

    if auth == "oidc" and find_spec("authlib") is None:
        raise ServerNotReadyError("--auth oidc needs authlib", hint="Install it: pip install 'strands-cli[oidc]'.")
    missing = [name for name in ("fastapi", "uvicorn", "itsdangerous") if find_spec(name) is None]
    if missing:
        raise ServerNotReadyError(
            f"the server needs packages that are not installed: {', '.join(missing)}",
            hint="Install them: pip install 'strands-cli[server]'.",
        )
