"""HTTP executors: a tool for one service. The model chooses the path; host and credentials are the spec's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from strands import tool
from strands_cli.builtin import Place
from strands_cli.builtin.web import json_body, plain_headers, shown
from strands_cli.net.client import NetworkError, Request
from strands_cli.net.url import URL, URLError, below, parse

if TYPE_CHECKING:
    from strands_cli.equipment.vault import Vault
    from strands_cli.spec.tools import HttpCall, HttpExecutor


def http_executor(executor: HttpExecutor, place: Place, vault: Vault) -> Any:
    """Return the tool that calls a service of the spec.

    Its host may be reached even where tools may not go: the spec names it. Redirects elsewhere get neither headers
    nor that freedom.
    """
    base = parse(executor.base_url)
    network = place.network.allowing(base)

    @tool(name=executor.id.replace(".", "_"), description=_description(executor))
    def call(
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET",
        path: str = "",
        query: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> str:
        """Call the service.

        Args:
            method: The method.
            path: The path below the base URL; it may hold a query.
            query: Parameters to add to the query.
            body: What to send: a text as it is, anything else as JSON.
            headers: Headers to add.
        """
        url = _with_query(below(base, path), query)
        if place.rehearsal:
            return f"Rehearsal: {method} {url} was not sent."
        try:
            own = vault.expanded(executor.headers)
            sent = _merged(plain_headers(headers or {}), plain_headers(own), body)
            data = None if body is None else json_body(body)
            response = network.send(Request(method, url, sent, data, executor.timeout_ms / 1000))
        except (NetworkError, URLError) as error:
            raise type(error)(vault.scrub(str(error))) from None
        return str(vault.scrub(shown(response, vault.scrub)))

    call.rehearses = True  # type: ignore[attr-defined]
    return call


def _with_query(url: URL, query: dict[str, Any] | None) -> URL:
    if not query:
        return url
    added = urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
    return URL(url.scheme, url.host, url.port, f"{url.target}{'&' if '?' in url.target else '?'}{added}")


def _merged(given: dict[str, str], own: dict[str, str], body: Any) -> dict[str, str]:
    """The spec's headers win over the model's, whatever their case."""
    merged = {name.lower(): value for name, value in given.items()}
    merged.update((name.lower(), value) for name, value in own.items())
    if body is not None and not isinstance(body, str):
        merged.setdefault("content-type", "application/json")
    return merged


def _description(executor: HttpExecutor) -> str:
    parts = [(executor.description or f"Calls the HTTP service at {executor.base_url}.").strip()]
    parts.append(f"Base URL: {executor.base_url}")
    if executor.response_format:
        parts.append(f"Responses: {executor.response_format.strip()}")
    if executor.authentication_info:
        parts.append(f"Authentication is done for you. {executor.authentication_info.strip()}")
    parts += _calls("Endpoints", executor.common_endpoints)
    parts += _calls("Examples", executor.examples)
    return "\n\n".join(parts)


def _calls(title: str, calls: Iterable[HttpCall]) -> list[str]:
    lines = []
    for each in calls:
        body = each.json_data if each.json_data is not None else each.body
        line = f"- {each.method} {each.path or '/'}"
        line += f"?{urlencode(each.params, doseq=True)}" if each.params else ""
        line += f" with body {json.dumps(body, ensure_ascii=False)}" if body is not None else ""
        line += f": {each.description.strip()}" if each.description else ""
        lines.append(line)
    return [f"{title}:\n" + "\n".join(lines)] if lines else []
