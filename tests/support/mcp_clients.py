"""The official MCP client, against `strands mcp` as a process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import mcp
from mcp import StdioServerParameters, stdio_client
from mcp.types import Implementation

TESTS = Path(__file__).parents[1]
Elicit: TypeAlias = Any


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a server whose data is in `home`."""
    own = {"STRANDS_HOME": str(home / "home"), "CALLS": str(home / "calls"), "HELD": str(home / "held")}
    path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    return {**os.environ, **own, "PYTHONPATH": path}


@asynccontextmanager
async def connected(
    home: Path,
    *options: str,
    mode: Literal["auto", "legacy"] = "auto",
    elicit: Elicit | None = None,
    name: str = "desk",
    target: str = "support.mcp_workflows:workflows",
) -> AsyncIterator[mcp.Client]:
    """Start a server over standard streams, and yield a client of it."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "strands_cli", "mcp", target, *options],
        env=environment(home),
        cwd=str(home),
    )
    async with mcp.Client(
        stdio_client(server),
        mode=mode,
        elicitation_callback=elicit,
        client_info=Implementation(name=name, version="1"),
    ) as client:
        yield client


class User:
    """Answers what a client is asked.

    Attributes:
        asked: What it was asked, in order.
    """

    def __init__(self, *replies: Mapping[str, Any] | str | Callable[[Any], Awaitable[Any]]) -> None:
        self.asked: list[Any] = []
        self._replies = list(replies)

    async def __call__(self, context: Any, params: Any) -> Any:
        from mcp.types import ElicitResult

        self.asked.append(params)
        reply = self._replies.pop(0)
        if callable(reply):
            return await reply(params)
        if isinstance(reply, str):
            return ElicitResult.model_validate({"action": reply})
        return ElicitResult(action="accept", content=dict(reply))


def calls(home: Path) -> list[str]:
    """Return what the agents of the servers were asked."""
    file = home / "calls"
    return [line.split(" ", 1)[1] for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


async def until(check: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something is so, half a minute at most."""
    for _ in range(1500):
        found = check()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to it")


def text(result: Any) -> str:
    """Return what a tool said."""
    return "\n".join(block.text for block in result.content)
