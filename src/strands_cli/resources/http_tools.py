"""HTTP executors: a tool for one service. The model chooses the path; host and credentials are the spec's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess
from strands_cli.builtin.web import answered, check_known, content, patiently, plain_headers, with_query
from strands_cli.net.client import HttpRequest, NetworkError
from strands_cli.net.url import URLError, below, parse

if TYPE_CHECKING:
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.tools import HttpCall, HttpExecutor


def http_executor(executor: HttpExecutor, place: ToolAccess, secrets: Secrets) -> Any:
    """Return the tool that calls a service of the spec.

    Its host may be reached even where tools may not go: the spec names it. Redirects elsewhere get neither headers
    nor that freedom.
    """
    base = parse(executor.base_url)
    network = place.network.allowing(base)

    @tool(name=executor.id.replace(".", "_"), description=_description(executor), context=True)
    def call(
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET",
        path: str = "",
        params: dict[str, Any] | None = None,
        json_data: Any = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
        tool_context: Any = None,
    ) -> str:
        """Call the service. An answer of 400 or more is an error.

        Args:
            method: The method.
            path: The path below the base URL; it may hold a query.
            params: Parameters to add to the query: texts, numbers, booleans, or lists of these.
            json_data: What to send as JSON.
            body: What to send as it is, instead of json_data.
            headers: Headers to add.
            query: The same as params.
        """
        check_known(tool_context, _KNOWN)
        if params and query:
            raise ValueError("give either params or query, not both")
        url = with_query(below(base, path), params or query)
        data, kind = content(json_data, body)
        given = plain_headers(headers or {})
        if place.rehearsal:
            return f"Rehearsal: {method} {url} was not sent."
        try:
            sent = _merged(given, plain_headers(secrets.expanded(executor.headers)), kind)
            response = patiently(network, HttpRequest(method, url, sent, data, executor.timeout_ms / 1000))
            return str(secrets.scrub(answered(response, secrets.scrub)))
        except (NetworkError, URLError) as error:
            raise type(error)(secrets.scrub(str(error))) from None

    call.rehearses = call.answers_http = True  # type: ignore[attr-defined]
    if executor.headers:
        call.made_with = {"headers": dict(executor.headers)}  # secrets stand there by their names
    return call


_KNOWN = ("method", "path", "params", "json_data", "body", "headers", "query")


def _merged(given: dict[str, str], own: dict[str, str], kind: str) -> dict[str, str]:
    """The spec's headers win over the model's, whatever their case."""
    merged = {name.lower(): value for name, value in given.items()}
    merged.update((name.lower(), value) for name, value in own.items())
    if kind:
        merged.setdefault("content-type", kind)
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
        line = f"- {each.method} {each.path or '/'}"
        line += f" with params {json.dumps(each.params, ensure_ascii=False)}" if each.params else ""
        line += (
            f" with json_data {json.dumps(each.json_data, ensure_ascii=False)}" if each.json_data is not None else ""
        )
        line += f" with body {json.dumps(each.body, ensure_ascii=False)}" if each.body is not None else ""
        line += f": {each.description.strip()}" if each.description else ""
        lines.append(line)
    return [f"{title}:\n" + "\n".join(lines)] if lines else []
