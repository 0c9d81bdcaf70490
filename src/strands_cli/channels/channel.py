"""What a channel is: it tells people elsewhere what waits for them, and takes their answers back.

A package offers one by an entry point of the group `strands_cli.channels`: a function that is given a `ChannelContext`
and returns the channel, or None where it is not set up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from strands_cli.errors import UNSUPPORTED, StrandsError
from strands_cli.inbox.notes import ChannelNote as ChannelNote
from strands_cli.inbox.notes import DeliveryError as DeliveryError
from strands_cli.inbox.notes import Receipt as Receipt

if TYPE_CHECKING:
    from strands_cli.inbox.data import ServerData
    from strands_cli.inbox.inbox import Inbox
    from strands_cli.people import People

GROUP = "strands_cli.channels"
BUILTIN = {
    "webhook": "strands_cli.channels.webhook:channel",
    "slack": "strands_cli.channels.slack:channel",
    "mail": "strands_cli.channels.mail:channel",
}


class ChannelError(StrandsError):
    """A channel cannot be had: it is set up wrongly, or what it needs is not installed."""

    exit_code = UNSUPPORTED


@dataclass(frozen=True)
class ChannelRequest:
    """A request that came in for a channel.

    Attributes:
        method: GET, POST.
        headers: By their names in lower case.
        query: The parameters of the address.
        body: The bytes, as they were sent.
    """

    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class ChannelReply:
    """What is sent back.

    Attributes:
        status: The HTTP status.
        body: The bytes.
        content_type: What they are.
        later: What is done once they are sent.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    later: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class ChannelRoute:
    """Where requests come in: `/channels/NAME/PATH` of the server.

    Attributes:
        method: GET or POST.
        path: The path below the channel's own.
        handle: Answers a request. It finds out who asks; nobody else does.
    """

    method: str
    path: str
    handle: Callable[[ChannelRequest], Awaitable[ChannelReply]]


@dataclass(frozen=True)
class ChannelContext:
    """What a channel can use.

    Attributes:
        data: Small data that outlives the process.
        people: Who people are.
        origin: Where people reach the server; "" where there is none.
        inbox: Takes answers; None where nothing comes in, as in `strands tick`.
    """

    data: ServerData
    people: People
    origin: str = ""
    inbox: Inbox | None = None


class Channel(Protocol):
    """Tells people elsewhere what waits for them.

    Attributes:
        name: What it is called in `notify: [NAME:ADDRESS]`.
    """

    @property
    def name(self) -> str: ...

    async def notify(self, note: ChannelNote, to: str) -> Receipt:
        """Tell somebody. The same note may come again after a crash: its id is the same.

        Args:
            note: What is told.
            to: Whom: what stands behind the channel's name.

        Returns:
            What is needed to change later what was sent.

        Raises:
            DeliveryError: It could not be delivered.
        """
        ...

    async def close(self, receipt: Receipt, note: ChannelNote) -> None:
        """Nobody can answer any more: take away what was there to answer with, and say what became of it.

        Raises:
            DeliveryError: It could not be done.
        """
        ...

    def routes(self) -> Sequence[ChannelRoute]:
        """Return where answers come in; none for a channel that only tells."""
        ...


def channels_of(context: ChannelContext) -> dict[str, Channel]:
    """Return the channels that are set up here, by name: ours, and those of the packages beside this one.

    Raises:
        ChannelError: One cannot be had.
    """
    from importlib.metadata import entry_points

    found: dict[str, Channel] = {}
    for name, place in BUILTIN.items():
        module, _, function = place.partition(":")
        _add(found, name, getattr(import_module(module), function), context)
    for point in entry_points(group=GROUP):
        try:
            make = point.load()
        except Exception as error:  # a module may do anything while it is imported
            cause = f"channel {point.name!r} cannot be loaded from {point.value!r}: {type(error).__name__}: {error}"
            raise ChannelError(cause, hint="Correct or reinstall the package that offers it.") from error
        _add(found, point.name, make, context)
    return found


def _add(found: dict[str, Channel], name: str, make: Any, context: ChannelContext) -> None:
    channel = make(context)
    if channel is None:
        return
    if channel.name in found:
        raise ChannelError(f"two channels are called {channel.name!r}", hint="Uninstall the package of one of them.")
    found[channel.name] = channel
