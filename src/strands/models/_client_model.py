"""What all providers share that are reached by a client of their own library: settings, a call, its faults, its end."""

from __future__ import annotations

import logging
import re
import warnings
from abc import abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from strands.types.exceptions import ModelRequestError

from ._clients import Clients
from ._content import join_system
from ._errors import from_client
from .model import Model, T

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

_NOT_CALLED = (
    "format_chunk",
    "format_request_message_content",
    "format_request_message_tool_call",
    "format_request_messages",
    "format_request_tool_message",
)
_REFUSED = re.compile(r"tool[_ ]choice", re.IGNORECASE)


class Asked(NamedTuple):
    """The arguments of `stream`.

    Attributes:
        messages: The conversation.
        tool_specs: The tools that the model may use.
        system_prompt: Instructions as text.
        tool_choice: Which tool must be used.
        more: The arguments that only some models know.
    """

    messages: Messages
    tool_specs: list[ToolSpec] | None
    system_prompt: str | None
    tool_choice: ToolChoice | None
    more: Mapping[str, Any]

    def system_text(self) -> str | None:
        """Return the instructions as one text, however they were given."""
        return join_system(self.system_prompt, self.more)

    def system_content(self) -> list[SystemContentBlock] | None:
        """Return the instructions as content blocks, where they were given so."""
        return self.more.get("system_prompt_content")


class ProviderReply(Protocol):
    """Turns the pieces of one reply into events."""

    def feed(self, piece: Any, /) -> list[StreamEvent]:
        """Return the events of one piece."""
        ...

    def finish(self) -> list[StreamEvent]:
        """Return what follows the last piece.

        Raises:
            ModelUnavailableError: The reply broke off.
        """
        ...


Sent: TypeAlias = "tuple[ProviderReply, AsyncGenerator[Any, None]]"
"""What takes the pieces of a reply, and the pieces, which may be only on their way."""


class ClientModel(Model):
    """A provider that is reached by a client of its own library, with a dict of known settings as its configuration.

    A subclass says what its requests look like (`format_request`, `_request`), how one is sent and what its reply means
    (`_send`), and what the client's errors mean (`_typed`). Nothing is retried, except that a request is made anew
    without what the model is seen to refuse (`_learn`). A setting that is not known is kept, and warned of: most often
    it belongs in `params`.
    """

    config: dict[str, Any]
    whole_messages = True
    _provider = ""  # whom to name in an error
    _key = ""  # what holds the credentials, to say where to look
    _known: frozenset[str] = frozenset()  # the settings
    _windows_known = False  # whether the ids of its models tell how much they read
    _unforced: frozenset[Any] = frozenset()  # ids of models that refuse to be told which tool to use
    _clients: Any  # what `get` returns the client of, and `aclose` closes; most often `Clients`

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Warn of methods by which the Strands Agents SDK lets a subclass change requests, where nothing calls them."""
        super().__init_subclass__(**kwargs)
        above = cls.__mro__[1]
        lost = [name for name in _NOT_CALLED if name in vars(cls) and not hasattr(above, name)]
        own = cls.__module__.startswith(f"{__package__}.")  # a provider calls the methods that it has
        if lost and not own and "stream" not in vars(cls):
            warnings.warn(
                f"{cls.__name__}.{lost[0]} is never called: {above.__name__} has no such method. Override "
                "format_request, which makes the whole request, or stream, which yields the events of a reply.",
                stacklevel=2,
            )

    def _connect(
        self,
        open_client: Callable[[Mapping[str, Any], str], Any],
        close_client: Callable[[Any], Awaitable[Any]],
        client: Any,
        client_args: Mapping[str, Any] | None,
    ) -> None:
        """Have a client opened for each event loop that asks.

        Args:
            open_client: Makes one of `client_args` and the name of the class that needs it.
            close_client: Closes one.
            client: One that the user brought.
            client_args: Arguments of each client.

        Raises:
            ValueError: A client is brought, and arguments to make one are given.
        """
        if client is not None and client_args:
            raise ValueError(f"give {type(self).__name__} either client or client_args, not both")
        opener = partial(open_client, dict(client_args or {}), type(self).__name__)
        self._clients = Clients[Any](opener, close_client, client)

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of the model's next message; see `Model.stream`.

        A tool choice that the model refuses is left out, now and from now on.
        """
        while True:
            if tool_choice and "auto" not in tool_choice and self.config.get("model_id") in self._unforced:
                tool_choice = None
            asked = Asked(messages, tool_specs, system_prompt, tool_choice, kwargs)
            request = self._request(asked)
            client = await self._clients.get()
            begun = False
            try:
                reply, pieces = await self._send(client, request, asked)
                try:
                    async for piece in pieces:
                        begun = True
                        for event in reply.feed(piece):
                            yield event
                finally:
                    await pieces.aclose()
            except Exception as error:
                typed = self._typed(error)
                if not begun and self._learn(asked, request, typed, client):
                    continue
                if typed is error:
                    raise
                raise typed from error
            for event in reply.finish():
                yield event
            return

    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask for an answer that fits a pydantic model; see `Model.structured_output`."""
        told = {"structured_output_model": output_model, **kwargs}
        async for event in super().structured_output(output_model, prompt, system_prompt, **told):
            yield event

    @abstractmethod
    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: Any = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the request that `stream` sends; what a subclass returns in its place is what is sent.

        Args:
            messages: The conversation.
            tool_specs: The tools that the model may use.
            system_prompt: Instructions that stand before the conversation.
            tool_choice: Which tool must be used.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """

    def _request(self, asked: Asked) -> dict[str, Any]:
        """Return what `format_request` makes of the arguments of `stream`."""
        return self.format_request(asked.messages, asked.tool_specs, asked.system_text(), asked.tool_choice)

    @abstractmethod
    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        """Send a request; errors are the client's own."""

    def _typed(self, error: Exception) -> Exception:
        """Return the typed error for what the client raised; an unknown one comes back as it is."""
        return from_client(self._provider, error, key=self._key)

    def _learn(self, asked: Asked, request: dict[str, Any], error: Exception, client: Any) -> bool:
        """Note what the model refuses by an error before its reply.

        Returns:
            Whether that is news, so that the request, made anew, is another one.
        """
        choice, model_id = asked.tool_choice, self.config.get("model_id")
        if not choice or "auto" in choice or not isinstance(error, ModelRequestError):
            return False
        if not _REFUSED.search(str(error)):
            return False
        self._unforced = self._unforced | {model_id}
        return True

    async def aclose(self) -> None:
        """Close the connections; a client that you brought stays open."""
        await self._clients.aclose()

    # -- settings ---------------------------------------------------------------------------------------------------

    def _configure(self, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self._warn_of_unknown(given, 4)
        self.config = {**defaults, **self._settled(given)}

    def update_config(self, **model_config: Any) -> None:
        """Change the configuration for the requests that follow.

        Args:
            **model_config: The settings to change; the others stay.
        """
        self._warn_of_unknown(model_config, 3)
        self.config.update(self._settled(model_config))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration, with the `context_window_limit` of a known model where none is set."""
        if self._windows_known and "context_window_limit" not in self.config:
            from ._windows import window_of

            known = window_of(str(self.config.get("model_id", "")))
            if known is not None:
                return {**self.config, "context_window_limit": known}
        return self.config

    def _settled(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return settings as they are kept; raise ValueError when one cannot be what it is."""
        return given

    def _warn_of_unknown(self, given: Mapping[str, Any], stacklevel: int) -> None:
        unknown = sorted(given.keys() - self._known)
        if unknown:
            warnings.warn(
                f"Invalid configuration parameters: {type(self).__name__} does not know the setting "
                f"{', '.join(map(repr, unknown))} and ignores it; it knows {', '.join(sorted(self._known))}.",
                stacklevel=stacklevel,
            )
        if given.get("cache_tools"):
            warnings.warn(
                "cache_tools is deprecated. Use CacheConfig(tools_ttl=...) as the cache_config.",
                DeprecationWarning,
                stacklevel=stacklevel,
            )

    # -- counting ---------------------------------------------------------------------------------------------------

    async def count_tokens(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
    ) -> int:
        """Return about how many tokens a prompt takes; see `Model.count_tokens`.

        With `use_native_token_count=True` a provider that can count is asked; the estimate serves when it fails.
        """
        if self.config.get("use_native_token_count"):
            try:
                counted = await self._count_natively(messages, tool_specs, system_prompt_content or system_prompt)
            except Exception as error:
                logging.getLogger(__name__).warning("%s did not count tokens: %s", type(self).__name__, error)
            else:
                if counted is not None:
                    return counted
        return await super().count_tokens(messages, tool_specs, system_prompt, system_prompt_content)

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        """Return the provider's own count, or None from one that does not count."""
        return None
