"""OpenAI's Responses API."""

from __future__ import annotations

import re
import time
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of

from ._chat import cache_arguments
from ._content import (
    TEXT_FORMATS,
    data_url,
    document_text,
    is_blank,
    join_system,
    kept,
    metadata,
    noted,
    plain_text,
    unsupported,
)
from ._endpoint import Endpoint
from ._errors import from_client, from_event
from ._guard import ToolGuard
from ._mantle import BedrockMantleConfig
from .model import BaseModelConfig, CacheConfig, ConfiguredModel
from .openai import DEFAULT_MODEL, KEY, PROVIDER, OpenAIClients

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from strands.types.content import Message, Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

_RESPONSES = Endpoint(
    "openai",
    "/responses",
    ("responses", "create"),
    ("openai.types.responses.response_create_params", "ResponseCreateParamsBase"),
    PROVIDER,
    KEY,
)
_ASKED = ("name", "action", "queries", "code", "arguments", "output", "error")  # what such an item says to a reader


class OpenAIResponsesModel(ConfiguredModel):
    """A model behind OpenAI's Responses API.

    Args:
        client: An `openai.AsyncOpenAI` of your own; it stays open.
        client_args: Arguments of `openai.AsyncOpenAI`; what is left out is taken from OPENAI_API_KEY and so on.
        bedrock_mantle_config: Leads to Amazon Bedrock's own endpoint for this API; see `OpenAIModel`.
        **model_config: `model_id`; `params`, merged into every request (temperature, max_output_tokens, reasoning,
            `tools` that run at OpenAI ...); `cache_config`, of which the key and the retention are sent;
            `use_native_token_count`.

    The conversation stays on this side, `stateful` or not: nothing is stored by the provider unless `params` say so.
    """

    class OpenAIResponsesConfig(BaseModelConfig, total=False):
        """The settings of an `OpenAIResponsesModel`."""

        model_id: str
        params: dict[str, Any] | None
        stateful: bool
        cache_config: CacheConfig | None
        use_native_token_count: bool

    _known = frozenset(OpenAIResponsesConfig.__optional_keys__)
    _windows_known = True

    def __init__(
        self,
        client: AsyncOpenAI | None = None,
        client_args: Mapping[str, Any] | None = None,
        bedrock_mantle_config: BedrockMantleConfig | None = None,
        **model_config: Any,
    ) -> None:
        if client is not None and client_args:
            raise ValueError("give OpenAIResponsesModel either client or client_args, not both")
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        self._clients = OpenAIClients(self, client, client_args or {}, bedrock_mantle_config)

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
        reply = _Reply(messages, self.config["model_id"])
        try:
            async for item in _RESPONSES.objects(client, request):
                for event in reply.feed(item):
                    yield event
        except Exception as error:
            typed = from_client(PROVIDER, error, key=KEY)
            raise typed from (error if typed is not error else None)
        reply.guard.check_end()

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """
        prompt = self._prompt(messages, tool_specs, system_prompt)
        request = {"model": self.config["model_id"], **prompt, "stream": True, "store": False}
        if tool_specs and tool_choice:
            request["tool_choice"] = _tool_choice(tool_choice)
        request.update(cache_arguments(self.config.get("cache_config")))
        params = {name: value for name, value in (self.config.get("params") or {}).items() if name != "tools"}
        if _reasons(self.config["model_id"], params):
            request["include"] = ["reasoning.encrypted_content"]  # nothing is stored there, so it must come back
        return {**request, **params}

    def _prompt(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system_prompt: str | None
    ) -> dict[str, Any]:
        model_id = self.config["model_id"]
        body: dict[str, Any] = {"input": [item for each in messages for item in _items(each, model_id)]}
        if system_prompt:
            body["instructions"] = system_prompt
        tools = [*((self.config.get("params") or {}).get("tools") or ()), *map(_tool, tool_specs or ())]
        if tools:
            body["tools"] = tools
        return body

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        client = await self._clients.get()
        prompt = system if isinstance(system, str) else join_system(None, {"system_prompt_content": system})
        body = self._prompt(messages, tool_specs, prompt)
        counted = await client.responses.input_tokens.count(model=self.config["model_id"], **body)
        return int(counted.input_tokens)

    async def aclose(self) -> None:
        """Close the connections; a client that you brought stays open."""
        await self._clients.aclose()


def _tool(spec: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "name": spec["name"],
        "description": spec["description"],
        "parameters": spec["inputSchema"].get("json", spec["inputSchema"]),
        "strict": False,
    }


def _tool_choice(tool_choice: ToolChoice | None) -> str | dict[str, Any]:
    choice: Any = tool_choice or {}
    if "tool" in choice:
        return {"type": "function", "name": choice["tool"]["name"]}
    return "required" if "any" in choice else "auto"


def _reasons(model_id: str, params: Mapping[str, Any]) -> bool:
    """Whether a model has reasoning to give back; others refuse to be asked for it."""
    return bool(params.get("reasoning")) or re.match(r"(?:o\d|gpt-5)", model_id.rpartition("/")[2]) is not None


def _items(message: Message, model_id: str) -> list[dict[str, Any]]:
    return _said(message, model_id) if message["role"] == "assistant" else _given(message)


def _said(message: Message, model_id: str) -> list[dict[str, Any]]:
    """Return the items of a reply, in the order they came in."""
    items: list[dict[str, Any]] = []
    for block in message["content"]:
        origin = (block.get("reasoningContent") or {}).get("origin") or {}
        if "toolUse" in block:
            use = block["toolUse"]
            arguments = plain_text({"json": use["input"]})
            item = {"type": "function_call", "call_id": use["toolUseId"], "name": use["name"], "arguments": arguments}
            items.append(item)
        elif origin:
            # What the model thought, and what tools did there, is of no use to another model.
            items += [origin["item"]] if origin.get("model") == model_id and "item" in origin else []
        elif not is_blank(block):
            parts = [{"type": "output_text", "text": note}] if (note := noted(block)) else _parts(block, "assistant")
            if items and items[-1].get("role") == "assistant":
                items[-1]["content"] += parts
            elif parts:
                items.append({"role": "assistant", "content": parts})
    return items


def _given(message: Message) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    alone = len(message["content"]) == 1
    for block in message["content"]:
        if "toolResult" in block:
            result = block["toolResult"]
            output = [part for each in result["content"] for part in _parts(each, "user")]
            plain = "\n".join(part.get("text", "") for part in output)
            texts = all(part["type"] == "input_text" for part in output)
            shown: Any = plain if texts else output
            items.append({"type": "function_call_output", "call_id": result["toolUseId"], "output": shown})
        elif alone or not is_blank(block):
            parts.extend(_parts(block, "user"))
    return [*items, {"role": "user", "content": parts}] if parts else items


def _parts(block: Mapping[str, Any], role: str) -> list[dict[str, Any]]:
    text = plain_text(block)
    if text is not None:
        return [{"type": "output_text" if role == "assistant" else "input_text", "text": text}]
    if "image" in block:
        return [{"type": "input_image", "detail": "auto", "image_url": data_url(block["image"], "an image", PROVIDER)}]
    if "document" in block:
        document = block["document"]
        if document["format"] in TEXT_FORMATS:
            return [{"type": "input_text", "text": document_text(document, PROVIDER)}]
        name = f"{document.get('name', 'document')}.{document['format']}"
        url = data_url(document, "a document", PROVIDER)
        return [{"type": "input_file", "filename": name, "file_data": url}]
    if "reasoningContent" in block or "cachePoint" in block:
        return []
    raise unsupported(block, PROVIDER)


class _Reply:
    """Turns the events of the API into ours. Items may overlap, so each is known by its `output_index`.

    Text comes as it is written; a call comes when its item is done, which holds the arguments whole.
    """

    def __init__(self, messages: Messages, model_id: str) -> None:
        self.guard = ToolGuard(messages, PROVIDER)
        self._model_id = model_id
        self._started = time.perf_counter()
        self._first: float | None = None
        self._open: tuple[Any, str] | None = None  # the item and the kind of the block that is open
        self._calls: dict[Any, dict[str, Any]] = {}  # those that are not done, by index

    def feed(self, item: Mapping[str, Any]) -> list[StreamEvent]:
        kind, index = item.get("type", ""), item.get("output_index")
        if kind == "response.created":
            self._first = time.perf_counter() - self._started
            return [{"messageStart": {"role": "assistant"}}]
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            return self._content(index, "text", {"text": item["delta"]})
        if kind in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
            return self._content(index, "reasoning", {"reasoningContent": {"text": item["delta"]}})
        if kind == "response.output_text.annotation.added":
            return self._annotated(index, item["annotation"])
        if kind == "response.output_item.added" and item["item"]["type"] == "function_call":
            self._calls[index] = {**item["item"], "arguments": item["item"].get("arguments") or ""}
        elif kind == "response.function_call_arguments.delta" and index in self._calls:
            self._calls[index]["arguments"] += item["delta"]
        elif kind == "response.output_item.done":
            return self._done(index, item["item"])
        elif kind in ("response.completed", "response.incomplete"):
            return self._finish(item["response"])
        elif kind in ("response.failed", "error"):
            raise from_event(PROVIDER, item.get("response", {}).get("error") or item, key=KEY)
        return []

    def _done(self, index: Any, item: Mapping[str, Any]) -> list[StreamEvent]:
        if item["type"] == "function_call":
            begun = self._calls.pop(index, {})
            return self._call({**begun, **item, "arguments": item.get("arguments") or begun.get("arguments") or ""})
        if item["type"] not in ("message", "reasoning"):
            return [*self._close(), *_done_there(item, self._model_id)]
        events: list[StreamEvent] = []
        if item["type"] == "reasoning" and item.get("encrypted_content"):
            origin = {"model": self._model_id, "item": {key: value for key, value in item.items() if key != "status"}}
            events = self._content(index, "reasoning", {"reasoningContent": {"origin": origin}})
        return [*events, *self._close()] if self._open is not None and self._open[0] == index else events

    def _call(self, item: Mapping[str, Any]) -> list[StreamEvent]:
        return [
            *self._close(),
            self.guard.start(item.get("call_id"), item["name"]),
            self.guard.arguments(item["arguments"]),
            *self.guard.stop(),
        ]

    def _annotated(self, index: Any, annotation: Mapping[str, Any]) -> list[StreamEvent]:
        citation = _citation(annotation)
        return [] if citation is None else self._content(index, "text", {"citation": citation})

    def _content(self, index: Any, kind: str, delta: Any) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        if self._open != (index, kind):
            events = [*self._close(), {"contentBlockStart": {"start": {}}}]
            self._open = (index, kind)
        return [*events, {"contentBlockDelta": {"delta": delta}}]

    def _close(self) -> list[StreamEvent]:
        if self._open is None:
            return []
        self._open = None
        return [{"contentBlockStop": {}}]

    def _finish(self, response: Mapping[str, Any]) -> list[StreamEvent]:
        why = (response.get("incomplete_details") or {}).get("reason")
        stop = {"max_output_tokens": "max_tokens", "content_filter": "content_filtered"}.get(why or "", "end_turn")
        usage = response.get("usage") or {}
        counted = metadata(
            usage.get("input_tokens") or 0,
            usage.get("output_tokens") or 0,
            time.perf_counter() - self._started,
            cached=(usage.get("input_tokens_details") or {}).get("cached_tokens"),
            total=usage.get("total_tokens"),
            first=self._first,
        )
        left = [event for index in sorted(self._calls, key=str) for event in self._call(self._calls[index])]
        return [*left, *self._close(), *self.guard.finish(stop), counted]


def _done_there(item: Mapping[str, Any], model_id: str) -> list[StreamEvent]:
    """Return the events of what a tool of the server did: a picture, or an item that is sent back as it came."""
    if item["type"] == "image_generation_call" and item.get("result"):
        start: Any = {"image": {"format": item.get("output_format") or "png"}}
        delta: Any = {"image": {"source": {"bytes": b64decode(item["result"])}}}
        return [
            {"contentBlockStart": {"start": start}},
            {"contentBlockDelta": {"delta": delta}},
            {"contentBlockStop": {}},
        ]
    asked = {name: item[name] for name in _ASKED if item.get(name)}
    return kept(model_id, "item", dict(item), f"{item['type']} {plain_text({'json': asked})}")


def _citation(annotation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return where a text is from: a page, or a file that a tool of the server has read."""
    title = annotation.get("title") or annotation.get("filename") or ""
    if annotation.get("type") == "url_citation":
        return {"title": title, "location": {"web": {"url": annotation.get("url") or ""}}}
    if annotation.get("type") in ("file_citation", "container_file_citation", "file_path"):
        return {"title": title, "source": annotation.get("file_id") or "", "sourceContent": []}
    return None


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
