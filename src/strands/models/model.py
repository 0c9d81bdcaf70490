"""The interface that every model provider implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict, TypeVar

from strands._elsewhere import names_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.content import Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

T = TypeVar("T", bound="BaseModel")


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


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
