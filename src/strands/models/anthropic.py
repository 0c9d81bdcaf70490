"""Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelAuthenticationError

from ._anthropic_format import AnthropicReply, format_messages, format_tool_choice, format_tools
from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, Clients, request_arguments, require
from ._errors import from_client
from ._sse import objects
from .model import Model

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "Anthropic"
DEFAULT_MODEL = "claude-sonnet-4-6"
DEFAULT_MAX_TOKENS = 4096
_KEY = "the API key in ANTHROPIC_API_KEY"


class AnthropicModel(Model):
    """A Claude model behind Anthropic's own API. Needs `pip install 'strands-cli[anthropic]'`.

    Args:
        client_args: Arguments of `anthropic.AsyncAnthropic`: api_key, base_url, timeout (seconds) ... What is left out
            is taken from ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL.
        client: An `anthropic.AsyncAnthropic` of your own; it stays open.
        **model_config: `model_id`; `max_tokens` of a reply; `params`, merged into every request (temperature,
            thinking, ...).

    Nothing is retried here: the agent and the workflow own retrying.
    """

    def __init__(
        self, *, client_args: Mapping[str, Any] | None = None, client: Any = None, **model_config: Any
    ) -> None:
        if client is not None and client_args:
            raise ValueError("give AnthropicModel either client or client_args, not both")
        self.config: dict[str, Any] = {"model_id": DEFAULT_MODEL, "max_tokens": DEFAULT_MAX_TOKENS, **model_config}
        args, name = dict(client_args or {}), type(self).__name__
        self._clients: Clients[Any] = Clients(lambda: _open(args, name), _close, client)

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
        client = await self._clients.get()
        reply = AnthropicReply(messages, PROVIDER)
        try:
            async with client.messages.with_streaming_response.create(**request) as response:
                async for item in objects(response.iter_lines(), PROVIDER, _KEY):
                    for event in reply.feed(item):
                        yield event
        except Exception as error:
            if isinstance(error, TypeError) and "authentication" in str(error):
                raise _no_key(type(self).__name__) from error
            typed = from_client(PROVIDER, error, key=_KEY)
            raise typed from (error if typed is not error else None)
        reply.guard.check_end()

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | list[SystemContentBlock] | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """
        body: dict[str, Any] = {"messages": format_messages(messages, PROVIDER)}
        if system_prompt:
            blocks: Any = [{"text": system_prompt}] if isinstance(system_prompt, str) else system_prompt
            message: Any = {"role": "user", "content": blocks}
            body["system"] = format_messages([message], PROVIDER)[0]["content"]
        if tool_specs:
            body["tools"] = format_tools(tool_specs)
            body["tool_choice"] = format_tool_choice(tool_choice)
        required = {
            "model": self.config["model_id"],
            "max_tokens": self.config["max_tokens"],
            "messages": [],
            "stream": True,
        }
        return request_arguments(required, body, self.config.get("params") or {})

    async def aclose(self) -> None:
        """Close the connections; a client that you brought stays open."""
        await self._clients.aclose()


def _open(client_args: Mapping[str, Any], user: str) -> Any:
    anthropic = require("anthropic", "anthropic", user)
    timeout = anthropic.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        return anthropic.AsyncAnthropic(**{"max_retries": 0, "timeout": timeout, **client_args})
    except anthropic.AnthropicError as error:
        raise _no_key(user) from error


def _no_key(user: str) -> ModelAuthenticationError:
    return ModelAuthenticationError(
        f"{user} has no API key.\nSet ANTHROPIC_API_KEY, or pass client_args={{'api_key': ...}}."
    )


async def _close(client: Any) -> None:
    await client.close()
