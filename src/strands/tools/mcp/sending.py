"""Whether what a call sends over HTTP can have reached the server: a connection that is refused carries nothing."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any


class Sending:
    """What became of the requests of one call.

    Attributes:
        reached: One of them may have reached the server.
        refused: No connection came about for one of them.
    """

    def __init__(self) -> None:
        self.reached = False
        self.refused = False

    @property
    def in_vain(self) -> bool:
        """Whether it is certain that nothing reached the server."""
        return self.refused and not self.reached


CURRENT: ContextVar[Sending | None] = ContextVar("strands_mcp_sending", default=None)
"""The call whose requests are sent; newer MCP SDKs send each in the context of whoever asked for it."""


def watched(client: Any) -> Any:
    """Let an HTTP client note of each request whether it can have reached the server."""
    send = client.send

    async def noting(request: Any, *args: Any, **kwargs: Any) -> Any:
        sending = CURRENT.get() if request.method == "POST" else None
        try:
            response = await send(request, *args, **kwargs)
        except Exception as error:
            if sending is not None:
                sending.refused = True
                sending.reached = sending.reached or type(error).__name__ not in ("ConnectError", "ConnectTimeout")
            raise
        if sending is not None:
            sending.reached = True
        return response

    client.send = noting
    return client
