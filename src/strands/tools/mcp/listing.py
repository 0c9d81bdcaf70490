"""Which tools of a server a model can be offered, and under which names."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from strands.types.collections import PaginatedList

T = TypeVar("T")

logger: logging.Logger = logging.getLogger(__name__)

LONGEST = 64
"""Characters that providers allow in the name of a tool."""


def offered(
    tools: Iterable[Any], prefix: str | None, server: str, taken: set[str] | None = None
) -> list[tuple[Any, str]]:
    """Return the tools that can be offered, each with its name for a model.

    Servers may use names with dots, slashes and more than 64 characters; models may not. A tool that cannot be offered
    is left out, with a warning in the log, and stops no other.

    Args:
        tools: The tools as the MCP SDK lists them.
        prefix: Put before each name, with an underscore; None or "" for none.
        server: What the server is called in warnings.
        taken: Names that are given already; those that are given here are added.
    """
    names = set[str]() if taken is None else taken
    found = []
    for tool in tools:
        problem = _problem(tool)
        name = model_name(f"{prefix}_{tool.name}" if prefix else tool.name)
        if not problem and name in names:
            problem = f"it would be called {name!r}, as another one of this server is"
        if problem:
            logger.warning("tool %r of MCP server %r is left out: %s", tool.name, server, problem)
            continue
        names.add(name)
        found.append((tool, name))
    return found


def all_pages(page: Callable[[str | None, float], PaginatedList[T]], seconds: float, server: str) -> list[T]:
    """Return what all pages hold; pages that come round again end it, with a warning in the log.

    Args:
        page: Returns the page of a token, in at most so many seconds.
        seconds: How long all of it may take.
        server: What the server is called in warnings.
    """
    end = time.monotonic() + seconds
    found: list[T] = []
    token, seen = None, set[str]()
    while True:
        items = page(token, end - time.monotonic())
        found += items
        token = items.pagination_token
        if token is None:
            return found
        if token in seen:
            logger.warning("MCP server %r lists its tools in a circle; the rest is left out", server)
            return found
        seen.add(token)


def model_name(name: str) -> str:
    """Return a name as models may have it: 1 to 64 letters, digits, underscores and dashes."""
    plain = re.sub(r"[^a-zA-Z0-9_-]", "_", name)
    if len(plain) <= LONGEST:
        return plain
    return f"{plain[: LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _problem(tool: Any) -> str:
    """Return why a tool cannot be offered, or nothing."""
    listed: dict[str, Any] = tool.model_dump(by_alias=True, exclude_none=True)
    if not listed.get("name"):
        return "it has no name"
    if (listed.get("execution") or {}).get("taskSupport") == "required":
        return "it can only be run as a task"
    return ""
