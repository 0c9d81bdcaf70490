"""What every translation of messages into a provider's own words needs."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import uuid4

from strands.types.exceptions import ModelRequestError

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent

T = TypeVar("T")
_log = logging.getLogger(__name__)
_MEDIA = ("image", "document", "video", "audio")
TEXT_FORMATS = frozenset({"txt", "md", "csv", "html"})
_MIME = {
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
    "html": "text/html",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flv": "video/x-flv",
    "mkv": "video/x-matroska",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "three_gp": "video/3gpp",
    "wmv": "video/x-ms-wmv",
    "mov": "video/quicktime",
    "webm": "video/webm",
}


class Call(NamedTuple):
    """A tool use as a provider sent it: `arguments` is JSON text, `signature` what it wants back with it."""

    id: str | None
    name: str
    arguments: str
    signature: str = ""


def mime(medium: Mapping[str, Any]) -> str:
    """Return the media type of an image, a document, a sound or a video."""
    return _MIME.get(medium["format"], "application/octet-stream")


def data_of(medium: Mapping[str, Any], kind: str, provider: str) -> bytes:
    """Return the bytes of an image or another medium.

    Raises:
        ModelRequestError: It lies somewhere that this provider cannot read.
    """
    source = medium["source"]
    if "bytes" not in source:
        raise ModelRequestError(f"{provider} cannot read {kind} from {dict(source)!r}: give its 'bytes'.")
    return bytes(source["bytes"])


def is_elsewhere(block: Mapping[str, Any], provider: str) -> bool:
    """Whether a block of several is a medium that lies where a provider cannot read it; the log says so."""
    medium = next((block[kind] for kind in _MEDIA if kind in block), None)
    if medium is None or "location" not in (medium.get("source") or ()):
        return False
    _log.warning("%s cannot read from %r; left out: give its 'bytes'", provider, medium["source"]["location"])
    return True


def base64_of(medium: Mapping[str, Any], kind: str, provider: str) -> str:
    """Return the bytes of a medium in base64."""
    return b64encode(data_of(medium, kind, provider)).decode("ascii")


def data_url(medium: Mapping[str, Any], kind: str, provider: str) -> str:
    """Return a medium as a `data:` URL."""
    return f"data:{mime(medium)};base64,{base64_of(medium, kind, provider)}"


def document_text(document: Mapping[str, Any], provider: str) -> str:
    """Return a document that is plain text as text, with its name."""
    text = written(document, provider)
    return f'<document name="{document.get("name", "document")}">\n{text}\n</document>'


def written(document: Mapping[str, Any], provider: str) -> str:
    """Return what is written in a document that is plain text."""
    source = document["source"]
    if "text" in source:
        return str(source["text"])
    if "content" in source:
        return "".join(part.get("text", "") for part in source["content"])
    return data_of(document, "a document", provider).decode("utf-8", "replace")


def plain_text(block: Mapping[str, Any]) -> str | None:
    """Return the text of a block that is text in one of its forms, else None."""
    if "text" in block:
        return str(block["text"])
    if "json" in block:
        return json.dumps(block["json"], ensure_ascii=False, default=str)
    if "guardContent" in block:
        return str(block["guardContent"]["text"]["text"])
    if "citationsContent" in block:
        return "".join(part.get("text", "") for part in block["citationsContent"].get("content", ()))
    return None


def is_blank(block: Mapping[str, Any]) -> bool:
    """Whether a block is text that says nothing; most providers refuse it."""
    text = plain_text(block)
    return text is not None and not text.strip()


def noted(block: Mapping[str, Any]) -> str | None:
    """Return what stands for a medium of the model's own in APIs whose replies hold none, else None."""
    kind = next((each for each in ("image", "video", "audio", "document") if each in block), None)
    return None if kind is None else f"(Here you made a file: {kind}, {block[kind].get('format', 'unknown format')}.)"


def readable(item: Mapping[str, Any], form: Callable[[Mapping[str, Any]], T]) -> T:
    """Return part of a tool's result in a provider's form; what it cannot read is a line that says so.

    A prompt of the user's is refused for it, but a result stands in the history for good.
    """
    try:
        return form(item)
    except ModelRequestError as error:
        return form({"text": f"(Left out: {error})"})


class NoPlaceError(ModelRequestError, TypeError):
    """A message holds what a provider's API has no place for."""


def unsupported(block: Mapping[str, Any], provider: str) -> NoPlaceError:
    """Return the error for a block that a provider's API has no place for."""
    return NoPlaceError(f"{provider} has no place for a {next(iter(block), 'nameless')!r} block in a message.")


def join_system(system_prompt: str | None, kwargs: Mapping[str, Any]) -> str | None:
    """Return the system prompt as one text, however it was given."""
    if system_prompt is None and kwargs.get("system_prompt_content"):
        return "\n".join(block["text"] for block in kwargs["system_prompt_content"] if "text" in block)
    return system_prompt


class ToolIds:
    """Keeps the ids of tool uses unique in a conversation.

    Args:
        messages: The conversation; read only when the first id comes.
    """

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._taken: set[str] | None = None

    def unique(self, tool_use_id: str | None) -> str:
        """Return the id, a variant of it when it is taken, or a new one when there is none."""
        if self._taken is None:
            self._taken = {use["toolUseId"] for use in _tool_uses(self._messages)}
        chosen = tool_use_id or f"call_{uuid4().hex}"
        if chosen in self._taken:
            chosen = f"{chosen[:40]}_{uuid4().hex[:8]}"
        self._taken.add(chosen)
        return chosen


def tool_events(calls: Iterable[Call], messages: Messages, *, truncated: bool = False) -> list[StreamEvent]:
    """Return the events of the tool uses of one reply.

    Ids are unique in the conversation: one that repeats gets a new one, a missing one is made up. Arguments that are no
    JSON object go on as they are: whoever runs tools tells the model.

    Args:
        calls: The tool uses, complete.
        messages: The conversation that they answer.
        truncated: The reply stopped at its token limit: a call with incomplete arguments is left out.
    """
    ids = ToolIds(messages)
    events: list[StreamEvent] = []
    for call in calls:
        arguments = call.arguments.strip() or "{}"
        if truncated and not is_object(arguments):
            continue
        tool_use_id = ids.unique(call.id)
        use: Any = {"toolUseId": tool_use_id, "name": call.name}
        if call.signature:
            use["reasoningSignature"] = call.signature
        events.append({"contentBlockStart": {"start": {"toolUse": use}}})
        events.append({"contentBlockDelta": {"delta": {"toolUse": {"input": arguments}}}})
        events.append({"contentBlockStop": {}})
    return events


def kept(model_id: str, field: str, item: Any, said: str) -> list[StreamEvent]:
    """Return the events of a block that holds what has no place of its own, to be sent back as it came.

    Args:
        model_id: The model whose reply it is part of; no other gets it back.
        field: What the provider's format calls it in the block's `origin`.
        item: It, as JSON or with bytes in it.
        said: What it says to a reader.
    """
    delta: Any = {"reasoningContent": {"text": said, "origin": {"model": model_id, field: item}}}
    return [{"contentBlockStart": {"start": {}}}, {"contentBlockDelta": {"delta": delta}}, {"contentBlockStop": {}}]


def metadata(
    tokens_in: int,
    tokens_out: int,
    latency: float,
    *,
    cached: int | None = None,
    written: int | None = None,
    total: int | None = None,
) -> StreamEvent:
    """Return the metadata event.

    Args:
        tokens_in: Tokens of the prompt.
        tokens_out: Tokens of the reply.
        latency: Seconds that the reply took.
        cached: Tokens read from a cache; None when the provider says nothing of them.
        written: Tokens written to a cache.
        total: All tokens as the provider counts them; None adds the first two up.
    """
    usage: Any = {"inputTokens": tokens_in, "outputTokens": tokens_out, "totalTokens": total or tokens_in + tokens_out}
    if cached is not None:
        usage["cacheReadInputTokens"] = cached
    if written is not None:
        usage["cacheWriteInputTokens"] = written
    return {"metadata": {"usage": usage, "metrics": {"latencyMs": int(latency * 1000)}}}


def _tool_uses(messages: Messages) -> Iterable[Any]:
    return (
        block["toolUse"]
        for message in messages
        if message["role"] == "assistant"
        for block in message["content"]
        if "toolUse" in block
    )


def is_object(text: str) -> bool:
    """Whether `text` is a JSON object."""
    from pydantic_core import from_json

    try:
        return isinstance(from_json(text), dict)
    except ValueError:
        return False
