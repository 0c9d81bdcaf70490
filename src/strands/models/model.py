"""The interface that every model provider implements."""

from __future__ import annotations

import logging
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict, TypeVar

from strands._elsewhere import names_of
from strands.types.exceptions import ModelRequestError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.content import Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

T = TypeVar("T", bound="BaseModel")
_REFUSED = re.compile(r"tool[_ ]choice", re.IGNORECASE)


class BaseModelConfig(TypedDict, total=False):
    """Configuration that every provider knows.

    Attributes:
        context_window_limit: Tokens that a prompt and its reply may take together; left out, what is known of the
            model's id.
    """

    context_window_limit: int | None


@dataclass
class CacheConfig:
    """What a provider with prompt caching marks for its cache; each provider takes the fields that it knows.

    Marks that you put into older messages yourself give way; those in the newest one and in the system prompt stay.

    Attributes:
        strategy: "auto" marks the prompt where the model is known to support it, "anthropic" always.
        ttl: How long a mark lives ("5m", "1h"; for OpenAI "24h" or "in_memory"), or None for the provider's default.
        system_prompt_ttl: Whether the end of the system prompt is marked: True with `ttl`, a text with its own.
        cache_key: The key by which OpenAI finds the cache again; None or False sends none.
        tools_ttl: The same as `system_prompt_ttl` for the tools; None leaves it to `cache_tools`.
    """

    strategy: Literal["auto", "anthropic"] = "auto"
    ttl: str | None = None
    system_prompt_ttl: bool | str = True
    cache_key: str | Literal[False] | None = None
    tools_ttl: bool | str | None = None


@dataclass
class CacheToolsConfig:
    """The mark that lets a provider cache the tool descriptions.

    Attributes:
        type: The kind of mark.
        ttl: How long it lives ("5m", "1h"), or None for the provider's default.
    """

    type: str = "default"
    ttl: str | None = None


class Model(ABC):
    """A model that answers messages with a stream of events in the shape of Bedrock's Converse API.

    A provider implements `stream`; the rest has workable defaults. Faults are the typed errors of
    `strands.types.exceptions`. A provider does not retry: whoever calls it does.
    """

    config: Any = None
    whole_messages: ClassVar[bool] = False
    """Whether it takes what it needs out of the messages itself; else it is given only their `role` and `content`."""

    @property
    def context_window_limit(self) -> int | None:
        """Tokens that the model can read, as its configuration or its id says; None when neither does."""
        config = self.get_config()
        return config.get("context_window_limit") if isinstance(config, Mapping) else None

    async def count_tokens(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
    ) -> int:
        """Return about how many tokens a prompt takes. A provider that can count overrides it.

        Args:
            messages: The conversation.
            tool_specs: The tools that are offered.
            system_prompt: The instructions as text; not counted when `system_prompt_content` is given.
            system_prompt_content: The instructions as content blocks.
        """
        from ._tokens import estimate

        return estimate(messages, tool_specs, system_prompt, system_prompt_content)

    def estimate_utilization(self, input_tokens: int) -> float:
        """Return the share of what the model can read that so many tokens take; above 1 they do not fit."""
        from ._tokens import window_limit

        return input_tokens / window_limit(self)

    @property
    def stateful(self) -> bool:
        """Whether the provider keeps the conversation on its side."""
        return False

    def update_config(self, **model_config: Any) -> None:
        """Change the configuration for the requests that follow.

        Args:
            **model_config: The settings to change; the others stay.
        """
        if self.config is None:
            self.config = {}
        self.config.update(model_config)

    def get_config(self) -> Any:
        """Return the configuration."""
        return self.config if self.config is not None else {}

    @abstractmethod
    def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        """Ask the model for its next message.

        Args:
            messages: The conversation, the newest message last. Never changed.
            tool_specs: The tools that the model may use.
            system_prompt: Instructions that stand before the conversation.
            tool_choice: `{"auto": {}}`, `{"any": {}}` or `{"tool": {"name": ...}}`.
            **kwargs: What only some models know; ignored by the others.

        Returns:
            The events: messageStart, contentBlockStart/Delta/Stop for each block, messageStop, metadata.

        Raises:
            ModelThrottledException: The provider asks to slow down.
            ContextWindowOverflowException: The prompt is too long for the model.
            ModelAuthenticationError: The credentials are missing or refused.
            ModelRequestError: The provider refuses the request.
            ModelUnavailableError: The provider cannot be reached, fails, or breaks off in the middle.
        """

    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask for an answer that fits a pydantic model.

        Args:
            output_model: The class to fill.
            prompt: The conversation.
            system_prompt: Instructions that stand before the conversation.
            **kwargs: Handed on to `stream`.

        Yields:
            The model's events, then `{"output": instance}`.

        Raises:
            StructuredOutputException: The model did not answer in the asked-for shape.
        """
        from .structured import ask_with_tool

        async for event in ask_with_tool(self, output_model, prompt, system_prompt, **kwargs):
            yield event

    async def aclose(self) -> None:
        """Close the network clients. The model may be used again: it opens new ones."""
        return


class ConfiguredModel(Model):
    """A provider whose configuration is a dict with known keys.

    A key that it does not know is kept, and warned of: most often it belongs in `params`.
    """

    config: dict[str, Any]
    whole_messages = True
    _known: frozenset[str] = frozenset()
    _unforced: frozenset[Any] = frozenset()  # ids of models that refuse to be told which tool to use
    _windows_known = False  # whether the ids of its models tell how much they read

    def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        """Ask the model for its next message; see `Model.stream`.

        A tool choice that the model refuses is left out, now and from now on.
        """
        asked = messages, tool_specs, system_prompt
        if not tool_choice or "auto" in tool_choice:
            return self._ask(*asked, tool_choice=tool_choice, **kwargs)
        if self.config.get("model_id") in self._unforced:
            return self._ask(*asked, **kwargs)
        return self._forced(asked, tool_choice, kwargs)

    def _ask(self, *asked: Any, tool_choice: ToolChoice | None = None, **kwargs: Any) -> AsyncIterable[StreamEvent]:
        """Yield the events of one reply."""
        raise NotImplementedError

    async def _forced(self, asked: Any, tool_choice: ToolChoice, kwargs: Any) -> AsyncGenerator[StreamEvent, None]:
        begun = False
        try:
            async for event in self._ask(*asked, tool_choice=tool_choice, **kwargs):
                begun = True
                yield event
            return
        except ModelRequestError as error:
            if begun or not _REFUSED.search(str(error)):
                raise
        self._unforced = self._unforced | {self.config.get("model_id")}
        async for event in self._ask(*asked, **kwargs):
            yield event

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


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
