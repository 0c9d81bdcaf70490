"""OpenAI's chat completions, and every server that speaks them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelAuthenticationError

from ._chat import ChatReply, cache_arguments, format_messages, format_tool_choice, format_tools
from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, Clients, request_arguments, require
from ._content import join_system
from ._errors import from_client
from ._sse import checked, load, objects
from .model import BaseModelConfig, CacheConfig, ConfiguredModel

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "OpenAI"
KEY = "the API key in OPENAI_API_KEY"
DEFAULT_MODEL = "gpt-4o-mini"


class OpenAIModel(ConfiguredModel):
    """A model behind OpenAI's chat completions API.

    Args:
        client: An `openai.AsyncOpenAI` of your own; it stays open.
        client_args: Arguments of `openai.AsyncOpenAI`: api_key, base_url, timeout (seconds) ... What is left out is
            taken from OPENAI_API_KEY, OPENAI_BASE_URL and so on.
        **model_config: `model_id`; `params`, merged into every request (temperature, max_tokens, ...); `stream=False`
            for a server that cannot stream; `cache_config`, of which the key and the retention are sent.

    Nothing is retried here: the agent and the workflow own retrying.
    """

    class OpenAIConfig(BaseModelConfig, total=False):
        """The settings of an `OpenAIModel`."""

        model_id: str
        params: dict[str, Any] | None
        stream: bool
        cache_config: CacheConfig | None

    _known = frozenset(OpenAIConfig.__optional_keys__)

    def __init__(
        self,
        client: AsyncOpenAI | None = None,
        client_args: Mapping[str, Any] | None = None,
        **model_config: Any,
    ) -> None:
        if client is not None and client_args:
            raise ValueError("give OpenAIModel either client or client_args, not both")
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        args, name = dict(client_args or {}), type(self).__name__
        self._clients: Clients[AsyncOpenAI] = Clients(lambda: open_client(args, name), close, client)

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply's events; see `Model.stream`."""
        request = self.format_request(messages, tool_specs, join_system(system_prompt, kwargs), tool_choice)
        client = await self._clients.get()
        reply = ChatReply(messages, PROVIDER, self.config["model_id"])
        try:
            async with client.chat.completions.with_streaming_response.create(**request) as response:
                if not request["stream"]:
                    whole = checked(load(await response.read(), PROVIDER), PROVIDER, KEY)
                    for event in reply.feed(whole):
                        yield event
                else:
                    async for chunk in objects(response.iter_lines(), PROVIDER, KEY, reply.complete):
                        for event in reply.feed(chunk):
                            yield event
        except Exception as error:
            typed = from_client(PROVIDER, error, key=KEY)
            raise typed from (error if typed is not error else None)
        for event in reply.finish():
            yield event

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Raises:
            ModelRequestError: A message holds what chat completions have no place for.
        """
        body: dict[str, Any] = {"messages": format_messages(messages, system_prompt, PROVIDER, self.config["model_id"])}
        if tool_specs:
            body["tools"] = format_tools(tool_specs)
            if tool_choice:
                body["tool_choice"] = format_tool_choice(tool_choice)
        body.update(cache_arguments(self.config.get("cache_config")))
        stream = self.config.get("stream", True)
        if stream:
            body["stream_options"] = {"include_usage": True}
        required = {"model": self.config["model_id"], "messages": [], "stream": stream}
        return request_arguments(required, body, self.config.get("params") or {})

    async def aclose(self) -> None:
        """Close the connections; a client that you brought stays open."""
        await self._clients.aclose()


def open_client(client_args: Mapping[str, Any], user: str) -> AsyncOpenAI:
    """Return a client that does not retry.

    Raises:
        ModelAuthenticationError: There is no key.
    """
    openai = require("openai", "", user)
    args = {"max_retries": 0, "timeout": openai.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT), **client_args}
    try:
        client: AsyncOpenAI = openai.AsyncOpenAI(**args)
    except openai.OpenAIError as error:
        raise ModelAuthenticationError(
            f"{user} has no API key.\nSet OPENAI_API_KEY, or pass client_args={{'api_key': ...}}."
        ) from error
    return client


async def close(client: AsyncOpenAI) -> None:
    """Close a client's connections."""
    await client.close()
