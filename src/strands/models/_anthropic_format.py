"""Anthropic's Messages format: messages out, events in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ._content import (
    TEXT_FORMATS,
    base64_of,
    is_elsewhere,
    kept,
    metadata,
    mime,
    noted,
    plain_text,
    readable,
    unsupported,
    written,
)
from ._tool_use_guard import ToolGuard

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

    from ._anthropic_server_tools import Said

_THINKING = ("thinking", "redacted_thinking")
_IMAGES = ("gif", "jpeg", "jpg", "png", "webp")
_STOP_REASONS = {
    "refusal": "content_filtered",
    "pause_turn": "end_turn",
    "model_context_window_exceeded": "max_tokens",
}


def format_messages(
    messages: Messages, provider: str, model_id: str | None = None, *, one_mark: bool = False
) -> list[dict[str, Any]]:
    """Return the conversation in Anthropic's format.

    What tools of Anthropic's own did goes back to the model `model_id`, whose reply it was part of. With `one_mark` a
    message has one mark for the cache at most, the first that a block can carry.

    Raises:
        ModelRequestError: A message holds what the format has no place for.
    """
    formatted = []
    for message in messages:
        blocks: list[dict[str, Any]] = []
        answers = message["role"] == "assistant"
        for block in message["content"]:
            if len(message["content"]) > 1 and is_elsewhere(block, provider):
                continue
            if answers and "text" not in block and (note := noted(block)):
                _add(blocks, {"text": note}, provider, model_id)
            else:
                _add(blocks, block, provider, model_id)
        while answers and blocks and blocks[-1]["type"] in _THINKING:
            blocks.pop()  # a reply that ends with a thought, or is nothing else, is refused
        if one_mark:
            _keep_one_mark(blocks, message["content"])
        if blocks:
            formatted.append({"role": message["role"], "content": blocks})
    return formatted


def _keep_one_mark(blocks: list[dict[str, Any]], content: Sequence[Mapping[str, Any]]) -> None:
    marked = [block for block in blocks if "cache_control" in block]
    for block in marked[1:]:
        del block["cache_control"]
    asked = next((block["cachePoint"] for block in content if "cachePoint" in block), None)
    carriers = [block for block in blocks if block["type"] not in _THINKING]
    if asked is not None and carriers and not marked:  # nothing that is sent stood before it
        carriers[-1]["cache_control"] = cache_control(asked)


def format_tools(tool_specs: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Return the tools in Anthropic's format."""
    return [
        {
            "name": spec["name"],
            "description": spec["description"],
            "input_schema": spec["inputSchema"].get("json", spec["inputSchema"]),
        }
        for spec in tool_specs
    ]


def format_tool_choice(tool_choice: ToolChoice | None) -> dict[str, Any]:
    """Return the tool choice in Anthropic's format."""
    choice: Any = tool_choice or {}
    if "tool" in choice:
        return {"type": "tool", "name": choice["tool"]["name"]}
    return {"type": "any" if "any" in choice else "auto"}


def cache_control(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return Anthropic's word for a cache point."""
    return {"type": "ephemeral", **({"ttl": point["ttl"]} if point.get("ttl") else {})}


def _add(blocks: list[dict[str, Any]], block: Mapping[str, Any], provider: str, model_id: str | None) -> None:
    if "cachePoint" in block:
        markable = next((each for each in reversed(blocks) if each["type"] not in _THINKING), None)
        if markable is not None:  # a thought takes no mark
            markable.setdefault("cache_control", cache_control(block["cachePoint"]))
        return
    origin = block["reasoningContent"].get("origin") if "reasoningContent" in block else None
    if origin:
        formatted = origin.get("block") if origin.get("model") == model_id else None
    else:
        formatted = _block(block, provider)
    if formatted is not None:
        blocks.append(formatted)


def _block(block: Mapping[str, Any], provider: str) -> dict[str, Any] | None:
    text = plain_text(block)
    if text is not None:
        return {"type": "text", "text": text} if text.strip() else None
    if "toolUse" in block:
        use = block["toolUse"]
        return {"type": "tool_use", "id": use["toolUseId"], "name": use["name"], "input": use["input"]}
    if "toolResult" in block:
        result = block["toolResult"]
        shown = (readable(item, lambda each: _block(each, provider)) for item in result["content"])
        content = [part for part in shown if part is not None]
        failed = result.get("status") == "error"
        return {"type": "tool_result", "tool_use_id": result["toolUseId"], "content": content, "is_error": failed}
    if "image" in block:
        image = block["image"]
        if image["format"] not in _IMAGES:
            raise unsupported({f"{image['format']} image": None}, provider)
        data = base64_of(image, "an image", provider)
        return {"type": "image", "source": {"type": "base64", "media_type": mime(image), "data": data}}
    if "document" in block:
        return _document(block["document"], provider)
    if "reasoningContent" in block:
        return _reasoning(block["reasoningContent"])
    raise unsupported(block, provider)


def _document(document: Mapping[str, Any], provider: str) -> dict[str, Any]:
    if document["format"] in TEXT_FORMATS:
        source = {"type": "text", "media_type": "text/plain", "data": written(document, provider)}
    elif document["format"] == "pdf":
        data = base64_of(document, "a document", provider)
        source = {"type": "base64", "media_type": "application/pdf", "data": data}
    else:
        raise unsupported({f"{document['format']} document": None}, provider)
    formatted = {"type": "document", "source": source, "title": document.get("name", "document")}
    if document.get("context"):
        formatted["context"] = document["context"]
    if document.get("citations"):
        formatted["citations"] = document["citations"]
    return formatted


def _reasoning(reasoning: Mapping[str, Any]) -> dict[str, Any] | None:
    if "redactedContent" in reasoning:
        return {"type": "redacted_thinking", "data": bytes(reasoning["redactedContent"]).decode("utf-8", "replace")}
    shown = reasoning.get("reasoningText", {})
    # Thinking without its signature is another model's, and refused.
    if not shown.get("signature"):
        return None
    return {"type": "thinking", "thinking": shown.get("text", ""), "signature": shown["signature"]}


class AnthropicReply:
    """Turns the events of one reply, as plain dicts, into ours.

    Args:
        messages: The conversation that it answers.
        provider: Whom to name in an error.
        said: Keeps what the API says, when it may pause.
        model_id: The model, to which goes back what Anthropic's own tools did.
    """

    def __init__(self, messages: Messages, provider: str, said: Said | None = None, model_id: str = "") -> None:
        self._guard = ToolGuard(messages, provider)
        self._model_id = model_id
        self._there: dict[str, Any] = {}  # the block of a tool that runs there
        self._input: list[str] = []
        self._said = said
        self._earlier: dict[str, int] = {}
        self._started = time.perf_counter()
        self._begun = False
        self._usage: dict[str, Any] = {}
        self._known = False
        self._index = 0  # of the block; what follows a pause goes on counting
        self._before = 0  # blocks before the pause

    def feed(self, item: Mapping[str, Any]) -> list[StreamEvent]:
        """Return the events of one of the API's."""
        kind = item.get("type")
        if self._said is not None:
            self._said.take(item)
        if kind == "content_block_delta":
            return self._delta(item["delta"])
        if kind == "content_block_start":
            self._index = self._before + item.get("index", 0)
            return self._numbered(self._start(item["content_block"]))
        if kind == "content_block_stop":
            return self._numbered(self._end_there() if self._there and not self._known else self._guard.stop())
        if kind == "message_start":
            self._usage.update((item.get("message") or {}).get("usage") or {})
            if self._begun:
                self._before = self._index + 1
                return []
            self._begun = True
            return [{"messageStart": {"role": "assistant"}}]
        if kind == "message_delta":
            self._usage.update({key: value for key, value in (item.get("usage") or {}).items() if value is not None})
            reason = item["delta"].get("stop_reason")
            if self._said is not None and self._said.paused:
                return self._pause()
            return self._finish(reason) if reason else []
        if kind == "message_stop" and not self._guard.stopped:
            # A helper of the client says at the end what the whole message is.
            reason = (item.get("message") or {}).get("stop_reason")
            return self._finish(reason) if isinstance(reason, str) else []
        return []

    def finish(self) -> list[StreamEvent]:
        """Return what follows the last event.

        Raises:
            ModelUnavailableError: The reply broke off.
        """
        self._guard.check_end()
        return []

    def _start(self, block: Mapping[str, Any]) -> list[StreamEvent]:
        kind = block["type"]
        self._known = kind in ("text", "thinking", "redacted_thinking", "tool_use")
        if kind == "tool_use":
            return [self._guard.start(block.get("id"), block["name"])]
        if kind == "redacted_thinking":
            redacted: Any = {"reasoningContent": {"redactedContent": block["data"].encode()}}
            return [{"contentBlockStart": {"start": {}}}, {"contentBlockDelta": {"delta": redacted}}]
        self._there, self._input = dict(block), []
        return [{"contentBlockStart": {"start": {}}}] if self._known else []

    def _end_there(self) -> list[StreamEvent]:
        block = self._there
        if self._input:
            block["input"] = json.loads("".join(self._input))
        return kept(self._model_id, "block", block, _told(block))

    def _numbered(self, events: list[StreamEvent]) -> list[StreamEvent]:
        for event in events:
            for told in cast("Any", event).values():
                told["contentBlockIndex"] = self._index
        return events

    def _delta(self, delta: Mapping[str, Any]) -> list[StreamEvent]:
        kind = delta["type"]
        told: Any = None
        if kind == "text_delta":
            told = {"text": delta["text"]}
        elif kind == "input_json_delta":
            if self._known:
                return self._numbered([self._guard.arguments(delta["partial_json"])])
            self._input += [delta["partial_json"]] if delta["partial_json"] else []
        elif kind == "thinking_delta":
            told = {"reasoningContent": {"text": delta["thinking"]}}
        elif kind == "citations_delta":
            told = {"citation": _citation(delta["citation"])}
        elif kind == "signature_delta":
            told = {"reasoningContent": {"signature": delta["signature"]}}
        return [] if told is None else [{"contentBlockDelta": {"delta": told, "contentBlockIndex": self._index}}]

    def _pause(self) -> list[StreamEvent]:
        counts = {name: count for name, count in self._usage.items() if isinstance(count, int)}
        self._earlier = {name: self._earlier.get(name, 0) + count for name, count in counts.items()}
        self._usage = {}
        return []

    def _finish(self, reason: str) -> list[StreamEvent]:
        usage = {**self._usage}
        for name, count in self._earlier.items():
            usage[name] = (usage.get(name) or 0) + count
        cached, written_to = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
        tokens = usage.get("input_tokens") or 0, usage.get("output_tokens") or 0
        counted = metadata(
            *tokens,
            time.perf_counter() - self._started,
            cached=cached,
            written=written_to,
            # The input tokens are without those of the cache.
            total=sum(tokens) + (cached or 0) + (written_to or 0),
        )
        return [*self._guard.finish(_STOP_REASONS.get(reason, reason)), counted]


def _told(block: Mapping[str, Any]) -> str:
    """Return for readers what a tool that ran there was asked, or where it looked."""
    if "input" in block:
        return f"{block.get('name')} {plain_text({'json': block['input']})}"
    found = block.get("content")
    listed = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    places = [f"{each.get('title') or ''} {each.get('url') or ''}".strip() for each in listed]
    said = found.get("error_code") or found.get("stdout") if isinstance(found, Mapping) else "\n".join(places)
    return f"{block['type']}: {said}" if said else str(block["type"])


_PLACES = {
    "char_location": ("documentChar", "document_index", "start_char_index", "end_char_index"),
    "page_location": ("documentPage", "document_index", "start_page_number", "end_page_number"),
    "content_block_location": ("documentChunk", "document_index", "start_block_index", "end_block_index"),
    "search_result_location": ("searchResultLocation", "search_result_index", "start_block_index", "end_block_index"),
}


def _citation(citation: Mapping[str, Any]) -> Any:
    kind = citation.get("type", "")
    location: dict[str, Any] = {}
    if kind == "web_search_result_location":
        url = citation.get("url") or ""
        location = {"web": {"url": url, "domain": url.partition("//")[2].partition("/")[0]}}
    elif kind in _PLACES:
        name, index, start, end = _PLACES[kind]
        document = "searchResultIndex" if kind == "search_result_location" else "documentIndex"
        location = {name: {document: citation.get(index), "start": citation.get(start), "end": citation.get(end)}}
    title = citation.get("document_title") or citation.get("title") or ""
    return {"title": title, "location": location, "sourceContent": [{"text": citation.get("cited_text") or ""}]}
