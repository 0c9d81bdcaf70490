"""Server-sent events, read line by line: a fraction of what the clients' own typed chunks cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from strands.types.exceptions import ModelUnavailableError

from ._errors import from_event


async def objects(lines: AsyncIterator[str], provider: str, key: str) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the JSON objects of a stream.

    Args:
        lines: The lines of the response.
        provider: Whom to name in an error.
        key: What holds the credentials, to say where to look.

    Raises:
        ModelError: One of them is an error, or no JSON object.
    """
    async for line in lines:
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            return
        found = load(data, provider)
        if found.get("error"):
            raise from_event(provider, found["error"], key=key)
        yield found


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
