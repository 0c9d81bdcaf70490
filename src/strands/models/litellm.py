"""Every provider that LiteLLM knows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of

from ._chat import cache_arguments, format_messages, format_tool_choice, format_tools
from ._chat_reply import ChatReply
from ._clients import READ_TIMEOUT, Clients, require
from ._errors import from_client
from .model import BaseModelConfig, CacheConfig, ConfiguredModel

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "LiteLLM"
DEFAULT_MODEL = "openai/gpt-4o-mini"
_KEY = "the API key that LiteLLM reads for this model"


class LiteLLMModel(ConfiguredModel):
    """A model behind any provider of LiteLLM. Needs `pip install 'strands-cli[litellm]'`.

    Args:
        client_args: Arguments of every request that say how to reach the provider: api_key, api_base, timeout ...
        **model_config: `model_id` with LiteLLM's prefix for the provider; `params`, merged into every request;
            `stream=False` for a server that cannot stream; `cache_config`, of which the key and the retention are sent.

    Nothing is retried here: the agent and the workflow own retrying.
    """

    class LiteLLMConfig(BaseModelConfig, total=False):
        """The settings of a `LiteLLMModel`."""

        model_id: str
        params: dict[str, Any] | None
        stream: bool
        cache_config: CacheConfig | None

    _known = frozenset(LiteLLMConfig.__optional_keys__)

    def __init__(self, client_args: Mapping[str, Any] | None = None, **model_config: Any) -> None:
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        self._client_args = dict(client_args or {})
        name = type(self).__name__
        self._clients: Clients[Any] = Clients(lambda: _open(name), _close)

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply's events; see `Model.stream`."""
        system: Any = system_prompt_content or system_prompt
        request = self.format_request(messages, tool_specs, system, tool_choice)
        litellm = await self._clients.get()
        reply = ChatReply(messages, PROVIDER, self.config["model_id"])
        try:
            chunks = await litellm.acompletion(**request)
            if not request["stream"]:
                for event in reply.feed(chunks.model_dump()):
                    yield event
            else:
                try:
                    async for chunk in chunks:
                        for event in reply.feed(chunk.model_dump()):
                            yield event
                    reply.complete()  # its clients raise when a stream breaks off
                finally:
                    await _finish(chunks)
        except Exception as error:
            typed = from_client(PROVIDER, error, key=_KEY)
            raise typed from (error if typed is not error else None)
        for event in reply.finish():
            yield event

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | list[SystemContentBlock] | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Raises:
            ModelRequestError: A message holds what the chat format has no place for.
        """
        stream = self.config.get("stream", True)
        request: dict[str, Any] = {
            "model": self.config["model_id"],
            "messages": [
                *_system(system_prompt),
                *format_messages(messages, None, PROVIDER, self.config["model_id"]),
            ],
            "stream": stream,
            **({"stream_options": {"include_usage": True}} if stream else {}),
            "num_retries": 0,
            "max_retries": 0,
            "timeout": READ_TIMEOUT,
            **cache_arguments(self.config.get("cache_config")),
            **self._client_args,
            **(self.config.get("params") or {}),
        }
        if tool_specs:
            request["tools"] = format_tools(tool_specs)
            if tool_choice:
                request["tool_choice"] = format_tool_choice(tool_choice)
        return request

    async def aclose(self) -> None:
        """Close the connections that LiteLLM holds open in this event loop."""
        await self._clients.aclose()


def _system(system: str | list[SystemContentBlock] | None) -> list[dict[str, Any]]:
    if not system:
        return []
    if isinstance(system, str):
        return [{"role": "system", "content": system}]
    parts: list[dict[str, Any]] = []
    for block in system:
        if "text" in block:
            parts.append({"type": "text", "text": block["text"]})
        elif parts and "cachePoint" in block:
            parts[-1]["cache_control"] = {"type": "ephemeral"}
    if any("cache_control" in part for part in parts):
        return [{"role": "system", "content": parts}]
    return [{"role": "system", "content": "\n".join(part["text"] for part in parts)}]


class _Shared:
    """LiteLLM keeps one store of connections for the whole process: the last model that closes empties it."""

    users = 0


def _open(user: str) -> Any:
    # Without this the import itself asks the network for a price list.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    litellm: Any = require("litellm", "litellm", user)
    litellm.suppress_debug_info = True
    _Shared.users += 1
    return litellm


async def _close(litellm: Any) -> None:
    _Shared.users -= 1
    close = getattr(litellm, "close_litellm_async_clients", None)
    if _Shared.users > 0 or close is None:
        return
    await close()
    # Closed clients stay in the store, and would be handed out again.
    litellm.in_memory_llm_clients_cache.flush_cache()


async def _finish(chunks: Any) -> None:
    close = getattr(chunks, "aclose", None)
    if close is None:
        return
    try:
        await asyncio.shield(close())
    except (RuntimeError, AttributeError):
        return


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
