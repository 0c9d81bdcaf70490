"""Every provider that LiteLLM knows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from strands._elsewhere import names_of

from ._chat_reply import ChatReply
from ._client_model import Asked, ClientModel, Sent
from ._clients import READ_TIMEOUT, Clients, require
from ._endpoint import plain
from ._openai_chat_format import cache_arguments, format_messages, format_tool_choice, format_tools
from .model import BaseModelConfig, CacheConfig

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from strands.agent.agent_metadata import AgentMetadata
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "LiteLLM"
DEFAULT_MODEL = "openai/gpt-4o-mini"
_KEY = "the API key that LiteLLM reads for this model"
_PROXY = "litellm_proxy/"
_CLAUDE = ("anthropic/", "claude")  # models that LiteLLM asks at Anthropic itself


class LiteLLMModel(ClientModel):
    """A model behind any provider of LiteLLM. Needs `pip install 'strands-cli[litellm]'`.

    Args:
        client_args: Arguments of every request that say how to reach the provider: api_key, api_base, timeout ...
            With `use_litellm_proxy=True` the model's id is that of a LiteLLM proxy.
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

    _provider, _key = PROVIDER, _KEY
    _known = frozenset(LiteLLMConfig.__optional_keys__)

    def __init__(self, client_args: Mapping[str, Any] | None = None, **model_config: Unpack[LiteLLMConfig]) -> None:
        self._client_args = dict(client_args or {})
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        self._user = object()
        self._clients = Clients[Any](partial(_open, type(self).__name__), partial(_close, user=self._user))

    def _settled(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        model_id = given.get("model_id")
        if not model_id or not self._client_args.get("use_litellm_proxy") or model_id.startswith(_PROXY):
            return given
        return {**given, "model_id": f"{_PROXY}{model_id}"}

    def _request(self, asked: Asked) -> dict[str, Any]:
        system: Any = asked.system_content() or asked.system_prompt
        agent = asked.more.get("agent_metadata")
        return self.format_request(asked.messages, asked.tool_specs, system, asked.tool_choice, agent_metadata=agent)

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        _users().add(self._user)
        if self.config["model_id"].startswith(_CLAUDE):
            request = {"client": _client_of_loop("anthropic"), **request}
        reply = ChatReply(asked.messages, PROVIDER, self.config["model_id"])
        chunks = await client.acompletion(**request)
        return reply, _plain(chunks, reply) if request["stream"] else _whole(chunks)

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | list[SystemContentBlock] | None = None,
        tool_choice: ToolChoice | None = None,
        *,
        agent_metadata: AgentMetadata | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Raises:
            ModelRequestError: A message holds what the chat format has no place for.
        """
        stream = self.config.get("stream", True)
        text = system_prompt if isinstance(system_prompt, str) else None
        blocks: dict[str, Any] = {} if text is not None else {"system_prompt_content": system_prompt}
        request: dict[str, Any] = {
            "model": self.config["model_id"],
            "messages": self.format_request_messages(messages, text, **blocks, model_id=self.config["model_id"]),
            "stream": stream,
            **({"stream_options": {"include_usage": True}} if stream else {}),
            "num_retries": 0,
            "max_retries": 0,
            "timeout": READ_TIMEOUT,
            **cache_arguments(self.config.get("cache_config"), PROVIDER, agent_metadata),
            **self._client_args,
            **(self.config.get("params") or {}),
        }
        if tool_specs:
            request["tools"] = format_tools(tool_specs)
            if tool_choice:
                request["tool_choice"] = format_tool_choice(tool_choice)
        return request

    @classmethod
    def format_request_messages(
        cls,
        messages: Messages,
        system_prompt: str | None = None,
        *,
        system_prompt_content: list[SystemContentBlock] | None = None,
        model_id: str | None = None,
        **kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Return the messages of the request; see `OpenAIModel.format_request_messages`."""
        return [
            *_system(system_prompt_content or system_prompt),
            *format_messages(messages, None, PROVIDER, model_id),
        ]


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


_USERS: WeakKeyDictionary[asyncio.AbstractEventLoop, set[object]] = WeakKeyDictionary()


def _users() -> set[object]:
    """Return the models that use LiteLLM's connections in this event loop: it keeps one store for the process."""
    return _USERS.setdefault(asyncio.get_running_loop(), set())


def _client_of_loop(provider: str) -> Any:
    """Return this event loop's client; LiteLLM would take one of the whole process, which ends with the first loop."""
    from litellm.llms.custom_httpx.http_handler import get_async_httpx_client

    return get_async_httpx_client(llm_provider=provider)


def _open(user: str) -> Any:
    # Without this the import itself asks the network for a price list.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    litellm: Any = require("litellm", "litellm", user)
    litellm.suppress_debug_info = True
    return litellm


async def _close(litellm: Any, user: object) -> None:
    """Close this event loop's connections once the last model in it closes; those of other loops serve on."""
    users = _users()
    users.discard(user)
    store: Any = getattr(litellm, "in_memory_llm_clients_cache", None)
    mark = store.update_cache_key_with_event_loop("") if hasattr(store, "update_cache_key_with_event_loop") else ""
    if users or not mark:
        return
    for key in [key for key in list(store.cache_dict) if key.endswith(mark)]:
        await _shut(store.cache_dict.pop(key))


async def _shut(client: Any) -> None:
    # The connections of some are a level deeper, and closing the client does not reach them.
    for each in (getattr(getattr(client, "client", None), "_transport", None), client):
        close = getattr(each, "aclose", None) or getattr(each, "close", None)
        with suppress(Exception):  # one that is closed already, or was never opened
            closing: Any = close() if close is not None else None
            if hasattr(closing, "__await__"):
                await closing


async def _plain(chunks: Any, reply: ChatReply) -> AsyncGenerator[Any, None]:
    try:
        async for chunk in chunks:
            yield plain(chunk)
        reply.complete()  # its clients raise when a stream breaks off
    finally:
        await _finish(chunks)


async def _whole(chunk: Any) -> AsyncGenerator[Any, None]:
    yield plain(chunk)


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
