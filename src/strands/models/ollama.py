"""Models that Ollama serves, on this machine or another."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from strands._elsewhere import names_of
from strands.types.exceptions import ModelRequestError, ModelUnreachableError

from ._both import of_both
from ._caching import warn_of_unused
from ._client_model import Asked, ClientModel, Sent
from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, Clients, require
from ._content import (
    TEXT_FORMATS,
    data_of,
    document_text,
    is_elsewhere,
    plain_text,
    readable,
    unsupported,
)
from ._errors import from_client, from_event, from_status
from ._ollama_reply import OllamaReply, format_chunk
from ._sse import load
from .model import BaseModelConfig, CacheConfig

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import Unpack

    from strands.types.content import Message, Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "Ollama"
DEFAULT_MODEL = "llama3.1"
_KEY = "the API key in OLLAMA_API_KEY"
_OPTIONS = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "num_predict", "stop_sequences": "stop"}
_KEPT = frozenset({"type", "items", "description", "enum", "title", "default"})
T = TypeVar("T", bound="BaseModel")


class OllamaModel(ClientModel):
    """A model that an Ollama server runs. Needs `pip install 'strands-cli[ollama]'`.

    Args:
        host: The server's address; None takes OLLAMA_HOST, else http://localhost:11434.
        ollama_client_args: Arguments of `ollama.AsyncClient`: headers, timeout (seconds) ...
        client: An `ollama.AsyncClient` of your own; it stays open.
        **model_config: `model_id`, `max_tokens`, `temperature`, `top_p`, `stop_sequences`, `keep_alive`, `options`,
            `additional_args` (merged into every request, `think` among them).

    Ollama cannot be told which tool to use, so a tool choice is ignored; so is a `cache_config`. The argument
    `response_format` of `stream` is a JSON Schema that the text must fit.
    """

    class OllamaConfig(BaseModelConfig, total=False):
        """The settings of an `OllamaModel`; None leaves one to the server."""

        model_id: str
        max_tokens: int | None
        temperature: float | None
        top_p: float | None
        stop_sequences: list[str] | None
        keep_alive: float | str | None
        options: dict[str, Any] | None
        additional_args: dict[str, Any] | None
        cache_config: CacheConfig | None

    _provider, _key = PROVIDER, _KEY
    _known = frozenset(OllamaConfig.__optional_keys__)

    def __init__(
        self,
        host: str | None = None,
        *,
        ollama_client_args: Mapping[str, Any] | None = None,
        client: Any = None,
        **model_config: Unpack[OllamaConfig],
    ) -> None:
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        args, name = {"host": host, **(ollama_client_args or {})}, type(self).__name__
        self._clients = Clients[Any](partial(_open, args, name), _close, client)

    def _request(self, asked: Asked) -> dict[str, Any]:
        request = self.format_request(asked.messages, asked.tool_specs, asked.system_text())
        schema = asked.more.get("response_format")
        return request if schema is None else {**request, "format": dict(schema)}

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        reply = OllamaReply(self.format_chunk, PROVIDER)
        pieces = await client.chat(**{**request, "stream": True})
        if not hasattr(pieces, "__aiter__"):
            pieces = _whole(pieces)  # what stands in for the client may reply in one piece
        return reply, pieces

    def _typed(self, error: Exception) -> Exception:
        return typed_error(error)

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request, in which no tool choice has a place.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """
        formatted: list[dict[str, Any]] = [{"role": "system", "content": system_prompt}] if system_prompt else []
        names: dict[str, str] = {}
        for message in messages:
            formatted += _messages(message, names, self.config["model_id"])
        config = self.config
        warn_of_unused(config.get("cache_config"), PROVIDER)
        chosen = {name: config[key] for key, name in _OPTIONS.items() if config.get(key) is not None}
        request = {
            "model": config["model_id"],
            "messages": formatted,
            "options": {**(config.get("options") or {}), **chosen},
            "stream": True,
            "tools": [_tool(spec) for spec in tool_specs or ()],
            **(config.get("additional_args") or {}),
        }
        if config.get("keep_alive") is not None:
            request["keep_alive"] = config["keep_alive"]
        return request

    def format_chunk(self, event: Mapping[str, Any]) -> StreamEvent:
        """Return the event for a piece of a reply; what a subclass returns in its place is what is streamed.

        Args:
            event: `chunk_type` ("message_start", "content_start", "content_delta", "content_stop", "message_stop",
                "metadata"), for content a `data_type` ("text", "reasoning", "tool"), and `data`: a text, the client's
                tool call, the reason to stop, or the client's last chunk.

        Raises:
            RuntimeError: There is no such `chunk_type`.
        """
        return format_chunk(event, self.config["model_id"])

    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask for an answer that fits a pydantic model; see `Model.structured_output`."""
        from .structured import parse

        texts: list[str] = []
        schema = output_model.model_json_schema()
        async for event in self.stream(prompt, None, system_prompt, response_format=schema, **kwargs):
            yield dict(event)
            if "contentBlockDelta" in event:
                texts.append(event["contentBlockDelta"]["delta"].get("text", ""))
        yield {"output": parse(output_model, "".join(texts))}


def _open(args: Mapping[str, Any], user: str) -> Any:
    ollama = require("ollama", "ollama", user)
    import httpx

    timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    return ollama.AsyncClient(**{"timeout": timeout, "event_hooks": {"response": [_check]}, **args})


async def _check(response: Any) -> None:
    """Raise the typed error for a refusal: the client's own error loses the headers."""
    if response.status_code < 400:
        return
    body = (await response.aread()).decode("utf-8", "replace")
    message = body
    if body.startswith("{"):
        message = str(load(body, PROVIDER).get("error") or body)
    raise from_status(PROVIDER, response.status_code, message, headers=response.headers, key=_KEY)


async def _close(client: Any) -> None:
    # Versions before 0.6 have no way of their own to close.
    close = getattr(client, "close", None) or client._client.aclose
    await close()


async def _whole(reply: Any) -> AsyncGenerator[Any, None]:
    yield reply


def _tool(spec: ToolSpec) -> dict[str, Any]:
    schema = dict(spec["inputSchema"].get("json", spec["inputSchema"]))
    description = spec["description"]
    properties = schema.get("properties") or {}
    if any(not _KEPT.issuperset(each) for each in properties.values()):
        # The client keeps only the outermost level of a schema, so the model reads the rest here.
        description = f"{description}\nThe arguments' JSON Schema: {json.dumps(schema)}"
    return {"type": "function", "function": {"name": spec["name"], "description": description, "parameters": schema}}


def _messages(message: Message, names: dict[str, str], model_id: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    texts: list[str] = []
    images: list[bytes | str] = []
    calls: list[dict[str, Any]] = []
    for block in message["content"]:
        if len(message["content"]) > 1 and is_elsewhere(block, PROVIDER):
            continue
        if "toolUse" in block:
            use = block["toolUse"]
            names[use["toolUseId"]] = use["name"]
            calls.append({"function": {"name": use["name"], "arguments": use["input"]}})
        elif "toolResult" in block:
            said: list[str] = []
            for item in block["toolResult"]["content"]:
                readable(item, partial(_add, texts=said, images=images))
            name = names.get(block["toolResult"]["toolUseId"])
            named = {"tool_name": name} if name else {}
            results.append({"role": "tool", **named, "content": "\n".join(said)})
        else:
            _add(block, texts, images)
    rest: dict[str, Any] = {"role": message["role"], **({"content": "\n".join(texts)} if texts else {})}
    if images:
        rest["images"] = images
    if calls:
        rest["tool_calls"] = calls
        rest.update(_thoughts(message, model_id))
    return [*results, rest] if texts or images or calls else results


def _thoughts(message: Message, model_id: str) -> dict[str, str]:
    """Return what the model thought before it called tools: some go on from there."""
    reasoning = [block["reasoningContent"] for block in message["content"] if "reasoningContent" in block]
    own = {"field": "thinking", "model": model_id}
    texts = [each.get("reasoningText", {}).get("text", "") for each in reasoning if each.get("origin") == own]
    return {"thinking": "\n".join(texts)} if texts else {}


def _add(block: Mapping[str, Any], texts: list[str], images: list[bytes | str]) -> None:
    text = plain_text(block)
    if text is not None:
        texts.append(text)
    elif "image" in block:
        given = block["image"]["source"].get("bytes")
        images.append(given if isinstance(given, str) else data_of(block["image"], "an image", PROVIDER))
    elif "document" in block and block["document"]["format"] in TEXT_FORMATS:
        texts.append(document_text(block["document"], PROVIDER))
    elif "reasoningContent" not in block and "cachePoint" not in block:
        raise unsupported(block, PROVIDER)


def typed_error(error: Exception) -> Exception:
    """Return the typed error for what the client raised; an unknown one comes back as it is."""
    names = {each.__name__ for each in type(error).__mro__}
    if "ResponseError" in names and getattr(error, "status_code", 0) < 400:
        return of_both(from_event(PROVIDER, str(error), key=_KEY), error)  # it came inside a reply
    if isinstance(error, ConnectionError) or "ConnectError" in names:
        return ModelUnreachableError(f"{PROVIDER} cannot be reached: is it running? (ollama serve)\n{error}")
    if "RequestError" in names and type(error).__module__.startswith("ollama"):
        return ModelRequestError(f"{PROVIDER} cannot be asked like this: {error}")
    return from_client(PROVIDER, error, key=_KEY)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
