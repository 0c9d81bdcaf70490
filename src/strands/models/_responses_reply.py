"""Replies of OpenAI's Responses API as events."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._content import kept, metadata, plain_text
from ._errors import client_error, from_event
from ._tool_use_guard import ToolGuard

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent

_ASKED = ("name", "action", "queries", "code", "arguments", "output", "error")  # what such an item says to a reader


class ResponsesReply:
    """Turns the events of the API into ours. Items may overlap, so each is known by its `output_index`.

    Text comes as it is written; a call comes when its item is done, which holds the arguments whole.

    Args:
        messages: The conversation that it answers.
        model_id: The model, to which its thoughts and what ran there go back.
        provider: Whom to name in an error.
        key: What holds the credentials, to say where to look.
        state: Takes the id of a reply that is whole, and how many messages the provider has then.
    """

    def __init__(
        self, messages: Messages, model_id: str, provider: str, key: str, state: dict[str, Any] | None = None
    ) -> None:
        self._guard = ToolGuard(messages, provider)
        self._messages, self._state = messages, state
        self._provider, self._key = provider, key
        self._response_id: str | None = None
        self._model_id = model_id
        self._started = time.perf_counter()
        self._begun = False
        self._open: tuple[Any, str] | None = None  # the item and the kind of the block that is open
        self._calls: dict[Any, dict[str, Any]] = {}  # those that are not done, by index

    def feed(self, item: Mapping[str, Any]) -> list[StreamEvent]:
        """Return the events of one of the API's."""
        kind = item.get("type", "")
        if not self._begun and kind not in ("response.failed", "error"):
            self._begun = True
            return [{"messageStart": {"role": "assistant"}}, *self._feed(kind, item)]
        return self._feed(kind, item)

    def finish(self) -> list[StreamEvent]:
        """Return what follows the last event.

        Raises:
            ModelUnavailableError: The reply broke off.
        """
        self._guard.check_end()
        if self._state is not None:
            self._state.update(response_id=self._response_id, seen=len(self._messages) + 1)
        return []

    def _feed(self, kind: str, item: Mapping[str, Any]) -> list[StreamEvent]:
        index = item.get("output_index", item.get("item_id"))
        if index is None:
            index = (item.get("item") or {}).get("id")
        if kind == "response.created":
            self._response_id = (item.get("response") or {}).get("id")
            return []
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
        elif kind == "response.function_call_arguments.done" and index in self._calls:
            self._calls[index]["arguments"] = item.get("arguments") or self._calls[index]["arguments"]
        elif kind == "response.output_item.done":
            return self._done(index, item["item"])
        elif kind in ("response.completed", "response.incomplete"):
            return self._finish(item["response"])
        elif kind in ("response.failed", "error"):
            details = item.get("response", {}).get("error") or item
            raise from_event(self._provider, details, key=self._key) from client_error(details)
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
        elif item.get("phase"):
            # Text has no place for it; without it a model takes what it said on the way for its answer.
            origin = {"model": self._model_id, "phase": item["phase"]}
            events = self._content(index, "phase", {"reasoningContent": {"origin": origin}})
        return [*events, *self._close()] if self._open is not None and self._open[0] == index else events

    def _call(self, item: Mapping[str, Any]) -> list[StreamEvent]:
        return [
            *self._close(),
            self._guard.start(item.get("call_id"), item.get("name") or ""),
            self._guard.arguments(item["arguments"]),
            *self._guard.stop(),
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
        details = usage.get("input_tokens_details") or {}
        counted = metadata(
            usage.get("input_tokens") or 0,
            usage.get("output_tokens") or 0,
            time.perf_counter() - self._started,
            cached=details.get("cached_tokens"),
            written=details.get("cache_write_tokens"),
            total=usage.get("total_tokens"),
        )
        left = [event for index in sorted(self._calls, key=str) for event in self._call(self._calls[index])]
        return [*left, *self._close(), *self._guard.finish(stop), counted]


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
