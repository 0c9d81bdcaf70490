"""Server-sent events, read line by line: a fraction of what the clients' own typed chunks cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from strands.types.exceptions import ModelUnavailableError

from ._errors import from_event


async def objects(
    lines: AsyncIterator[str], provider: str, key: str, done: Callable[[], None] | None = None
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the JSON objects of a stream, or the one of a body that is not a stream although one was asked for.

    Args:
        lines: The lines of the response.
        provider: Whom to name in an error.
        key: What holds the credentials, to say where to look.
        done: Called when the stream says itself that it is complete, or the body is whole.

    Raises:
        ModelError: One of them is an error, or no JSON object.
    """
    body: list[str] = []
    async for line in lines:
        if not line.startswith("data:"):
            if body or line.lstrip().startswith("{"):
                body.append(line)
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            if done is not None:
                done()
            return
        yield checked(load(data, provider), provider, key)
    if body:
        found = checked(load("\n".join(body), provider), provider, key)
        if done is not None:
            done()
        yield found


def checked(found: dict[str, Any], provider: str, key: str) -> dict[str, Any]:
    """Return an object of a reply.

    Raises:
        ModelError: It is an error, which some servers send with the status of success.
    """
    if found.get("error"):
        raise from_event(provider, found["error"], key=key)
    return found


def load(data: str | bytes, provider: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ModelUnavailableError: It is none.
    """
    from pydantic_core import from_json

    try:
        value = from_json(data)
    except ValueError as error:
        raise ModelUnavailableError(f"{provider} sent what is not JSON: {data[:200]!r}") from error
    if not isinstance(value, dict):
        raise ModelUnavailableError(f"{provider} sent {data[:200]!r}, where an object was expected.")
    return value
