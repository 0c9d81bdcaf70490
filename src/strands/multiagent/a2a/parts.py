"""Parts of the protocol's messages, as what an agent is told, and back."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from a2a.helpers import get_data_parts, new_data_part
from a2a.types import Message, Part

from strands.interrupt import Interrupt

INTERRUPTS = "interrupts"
RESPONSE = "interruptResponse"

_KINDS = {"image": "png", "video": "mp4", "document": "txt"}
_FORMATS = {"jpg": "jpeg", "jpe": "jpeg", "htm": "html", "3gp": "three_gp"}


class ResponseError(ValueError):
    """A message that answers an agent's questions is malformed."""


def content_of(message: Message) -> list[dict[str, Any]]:
    """Return the content blocks that a message is to an agent."""
    return [_block(part) for part in message.parts if part.WhichOneof("content") is not None]


def _block(part: Part) -> dict[str, Any]:
    if part.HasField("text"):
        return {"text": part.text}
    if part.HasField("raw"):
        return _file(part)
    if part.HasField("url"):
        kind = f" ({part.media_type})" if part.media_type else ""
        return {"text": f"[File: {part.filename or 'file'}{kind}] {part.url}"}
    [data] = data_of([part])
    return {"text": f"[Structured Data]\n{json.dumps(data, indent=2, ensure_ascii=False)}"}


def data_of(parts: Sequence[Part]) -> list[Any]:
    """Return what those of some parts hold that are data, with whole numbers as integers."""
    return [_whole(data) for data in get_data_parts(parts)]


def responses_of(message: Message) -> dict[str, Any] | None:
    """Return interrupt id to response, or None where a message answers no question.

    Raises:
        ResponseError: It does, and is malformed or holds something else beside.
    """
    found: dict[str, Any] = {}
    others = 0
    for part in message.parts:
        [data] = data_of([part]) or [None]
        if not isinstance(data, Mapping) or RESPONSE not in data:
            others += 1
            continue
        response = data[RESPONSE]
        id_ = response.get("interruptId") if isinstance(response, Mapping) else None
        if not isinstance(id_, str) or not id_ or response.get("response") is None:
            raise ResponseError(f"{RESPONSE!r} is an object with 'interruptId' and a 'response' that is not null")
        if id_ in found:
            raise ResponseError(f"the interrupt {id_!r} is answered twice")
        found[id_] = response["response"]
    if found and others:
        raise ResponseError("a message that answers interrupts holds nothing else")
    return found or None


def question_parts(interrupts: Sequence[Interrupt], notes: Iterable[str] = ()) -> list[Part]:
    """Return what a caller is told of open questions: in words, and as data with their ids."""
    lines = [f"- {each.name}: {_text(each.reason)}" if each.reason else f"- {each.name}" for each in interrupts]
    told = [{"interruptId": each.id, "name": each.name, "reason": _plain(each.reason)} for each in interrupts]
    parts = [Part(text=note) for note in notes]
    parts.append(Part(text="\n".join(["Agent requires input:", *lines])))
    return [*parts, new_data_part({INTERRUPTS: told})]


def _file(part: Part) -> dict[str, Any]:
    kind = part.media_type.partition("/")[0]
    kind = kind if kind in ("image", "video") else "document"
    extension = (mimetypes.guess_extension(part.media_type) or "").lstrip(".") or part.filename.rpartition(".")[2]
    extension = extension or _KINDS[kind]
    told: dict[str, Any] = {"format": _FORMATS.get(extension, extension), "source": {"bytes": part.raw}}
    if kind == "document":
        told["name"] = part.filename.rpartition(".")[0] or part.filename or "file"
    return {kind: told}


def _whole(value: Any) -> Any:
    """Numbers of the protocol are all floating: those that are whole are integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return str(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False)
