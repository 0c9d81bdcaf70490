"""The channels of a server: what has to be told is delivered while it runs, and what comes in is handed on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence

from strands_cli.channels.channel import Channel, ChannelContext, ChannelReply, ChannelRequest, channels_of
from strands_cli.errors import StrandsError
from strands_cli.inbox.deliver import deliver, keep_setup, setup_of
from strands_cli.inbox.inbox import Inbox

logger: logging.Logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""How often it is looked whether there is something to tell."""

MEND_SECONDS = 60.0
"""How often heads are signed that killed writers owe."""

ENDING_SECONDS = 10.0
"""How long a server that ends waits for what it is telling."""

_SHARE = 10
"""Looking takes at most this part of the time."""


class ChannelService:
    """Delivers while it is entered.

    Args:
        inbox: The inbox.
        origin: Where people reach the server.
        notify: Whom to tell of questions that are for everybody; default: what STRANDS_NOTIFY says.

    Attributes:
        channels: The channels that are set up here, by name.

    Raises:
        ChannelError: A channel is set up wrongly.
    """

    def __init__(self, inbox: Inbox, origin: str, *, notify: Sequence[str] | None = None) -> None:
        self._inbox = inbox
        self._setup = setup_of(inbox.data, people=inbox.people, origin=origin, notify=notify)
        self._task: asyncio.Task[None] | None = None
        self._mended = 0.0
        context = ChannelContext(inbox.data, inbox.people, self._setup.origin, inbox)
        self.channels: dict[str, Channel] = channels_of(context)

    async def __aenter__(self) -> ChannelService:
        keep_setup(self._inbox.data, self._setup)
        self._task = asyncio.ensure_future(self._run())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> int:
        """Deliver what is due now; return how much was tried."""
        now, inbox = time.monotonic(), self._inbox
        if inbox.look_at_people():
            keep_setup(inbox.data, self._setup)
        mends = now - self._mended >= MEND_SECONDS
        self._mended = now if mends else self._mended
        told = self._setup._asdict()
        return await deliver(inbox.store, inbox.data, channels=self.channels, mends=mends, **told)

    async def handle(self, name: str, path: str, request: ChannelRequest) -> ChannelReply | None:
        """Hand a request on to the channel that it is for; None where there is nobody.

        Args:
            name: The channel.
            path: The path below the channel's own.
            request: The request.
        """
        self._inbox.look_at_people()
        channel = self.channels.get(name)
        for route in channel.routes() if channel is not None else ():
            if (route.method, route.path) == (request.method, path):
                return await route.handle(request)
        return None

    async def _whole(self) -> None:
        """Deliver what is due; what is being told when the server ends comes to its end, so that it is on record."""
        work = asyncio.ensure_future(self.once())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            done, _ = await asyncio.wait({work}, timeout=ENDING_SECONDS)
            if not done:
                work.cancel()
            raise

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                await self._whole()
            except StrandsError as error:
                logger.warning("what has to be told elsewhere waits: %s", error.message)
            except Exception:  # it is tried again
                logger.warning("what has to be told elsewhere waits", exc_info=True)
            await asyncio.sleep(max(PAUSE_SECONDS, _SHARE * (loop.time() - begun)))
