"""Gemini's format: contents of parts out, parts in."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._content import (
    TEXT_FORMATS,
    base64_of,
    document_text,
    is_elsewhere,
    kept,
    mime,
    plain_text,
    readable,
    unsupported,
)

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

    from ._tool_use_guard import ToolGuard

BLOCKED = frozenset(
    {
        "BLOCKLIST",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "LANGUAGE",
        "MODEL_ARMOR",
        "PROHIBITED_CONTENT",
        "RECITATION",
        "SPII",
    }
)
MALFORMED = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"})
# Google's documented stand-in for the signature of a tool use that another model made.
_FOREIGN = b"skip_thought_signature_validator"


def format_messages(messages: Messages, model_id: str, provider: str) -> list[dict[str, Any]]:
    """Return the conversation in Gemini's format.

    Raises:
        ModelRequestError: A message holds what the format has no place for.
    """
    names: dict[str, str] = {}
    contents = []
    for message in messages:
        parts: list[dict[str, Any]] = []
        for block in message["content"]:
            if len(message["content"]) > 1 and is_elsewhere(block, provider):
                continue
            if "toolUse" in block:
                names[block["toolUse"]["toolUseId"]] = block["toolUse"]["name"]
            if not _signs_picture(block, parts):
                parts += _kept(block, model_id) or _parts(
                    block, names, signed="gemini-3" in model_id, provider=provider
                )
        if parts:
            contents.append({"role": _role(message), "parts": parts})
    # Where nothing is left Gemini says what is wrong with it.
    return contents or [{"role": _role(message), "parts": []} for message in messages]


def _role(message: Mapping[str, Any]) -> str:
    return "model" if message["role"] == "assistant" else "user"


def _kept(block: Mapping[str, Any], model_id: str) -> list[dict[str, Any]]:
    """Return the part that a block was, where it has no place of its own elsewhere."""
    origin = (block.get("reasoningContent") or {}).get("origin") or {}
    return [origin["part"]] if origin.get("model") == model_id and "part" in origin else []


def _signs_picture(block: Mapping[str, Any], parts: list[dict[str, Any]]) -> bool:
    """Give a picture back the signature that came with it; it stands in a block behind it."""
    reasoning = block.get("reasoningContent") or {}
    signature = reasoning.get("reasoningText", {}).get("signature")
    if not signature or reasoning["reasoningText"].get("text") or not parts or "inline_data" not in parts[-1]:
        return False
    parts[-1]["thought_signature"] = signature
    return True


def _parts(block: Mapping[str, Any], names: Mapping[str, str], *, signed: bool, provider: str) -> list[dict[str, Any]]:
    text = plain_text(block)
    if text is not None:
        return [{"text": text}] if text.strip() else []
    if "toolUse" in block:
        return [_call(block["toolUse"], signed)]
    if "toolResult" in block:
        return _result(block["toolResult"], names, provider)
    if "document" in block and block["document"]["format"] in TEXT_FORMATS:
        return [{"text": document_text(block["document"], provider)}]
    for kind in ("image", "document", "audio", "video"):
        if kind in block:
            data = base64_of(block[kind], kind, provider)
            return [{"inline_data": {"mime_type": mime(block[kind]), "data": data}}]
    if "reasoningContent" in block:
        shown = block["reasoningContent"].get("reasoningText", {})
        if not shown.get("signature"):
            return []
        return [{"text": shown.get("text", ""), "thought": True, "thought_signature": shown["signature"]}]
    if "cachePoint" in block:
        return []
    raise unsupported(block, provider)


def _call(use: Mapping[str, Any], signed: bool) -> dict[str, Any]:
    part: dict[str, Any] = {"function_call": {"id": use["toolUseId"], "name": use["name"], "args": use["input"]}}
    signature = use.get("reasoningSignature")
    if signature:
        part["thought_signature"] = signature
    elif signed:
        part["thought_signature"] = _FOREIGN
    return part


def _result(result: Mapping[str, Any], names: Mapping[str, str], provider: str) -> list[dict[str, Any]]:
    output, media = [], []
    for item in result["content"]:
        text = plain_text(item)
        if text is None:
            media += readable(item, lambda each: _parts(each, names, signed=False, provider=provider))
        else:
            output.append(item.get("json", text))
    key = "error" if result.get("status") == "error" else "output"
    response = {
        "id": result["toolUseId"],
        "name": names.get(result["toolUseId"], result["toolUseId"]),
        "response": {key: output[0] if len(output) == 1 else output},
    }
    return [{"function_response": response}, *media]


def format_config(
    config: Mapping[str, Any],
    tool_specs: list[ToolSpec] | None,
    system_prompt: str | None,
    tool_choice: ToolChoice | None,
) -> dict[str, Any]:
    """Return the generation config: the model's parameters, the system prompt, the tools."""
    formatted: dict[str, Any] = {name: _plain(value) for name, value in (config.get("params") or {}).items()}
    if system_prompt:
        formatted["system_instruction"] = system_prompt
    declarations = [
        {
            "name": spec["name"],
            "description": spec["description"],
            "parameters_json_schema": spec["inputSchema"].get("json", spec["inputSchema"]),
        }
        for spec in tool_specs or ()
    ]
    tools: list[Any] = [{"function_declarations": declarations}] if declarations else []
    tools += map(_plain, config.get("gemini_tools") or ())
    if tools:
        formatted["tools"] = tools
    if not all(
        isinstance(each, Mapping) or hasattr(each, "function_declarations") for each in formatted.get("tools", ())
    ):
        # The client itself would run functions and MCP sessions, past the agent.
        formatted.setdefault("automatic_function_calling", {"disable": True})
    if "tool_config" not in formatted and declarations and tool_choice:  # what the parameters say wins
        formatted["tool_config"] = {"function_calling_config": _choice(tool_choice)}
    return {name: value for name, value in formatted.items() if value is not None}


def mixing(config: dict[str, Any]) -> dict[str, Any]:
    """Return a generation config that lets functions stand beside tools of Google's own, which the API must be told."""
    given = config.get("tool_config") or {}
    return {**config, "tool_config": {"include_server_side_tool_invocations": True, **given}}


def _choice(choice: Any) -> dict[str, Any]:
    if "tool" in choice:
        return {"mode": "ANY", "allowed_function_names": [choice["tool"]["name"]]}
    return {"mode": "ANY" if "any" in choice else "AUTO"}


def _plain(value: Any) -> Any:
    """Return an object of the client's types as what is sent of it."""
    dump = getattr(value, "model_dump", None)
    return value if dump is None or isinstance(value, type) else dump(exclude_none=True)


def part_events(part: Any, guard: ToolGuard, model_id: str) -> list[tuple[str, list[StreamEvent]]]:
    """Return the blocks that a part belongs to, by their kind ("" for a complete one), each with its events."""
    if part.function_call is not None:
        return [("", _call_events(part, guard))]
    picture = part.inline_data
    if picture is not None and str(picture.mime_type).startswith("image/") and not part.thought:
        shown: list[tuple[str, list[StreamEvent]]] = [("", _picture_events(picture))]
        if part.thought_signature:
            shown.append(("reasoning", _thought(None, part.thought_signature)))
        return shown
    if not part.text and not part.thought and (told := _told(part)):
        item = part.model_dump(exclude_none=True)
        return [("", kept(model_id, "part", item, told))]
    if part.thought:
        return [("reasoning", _thought(part.text, part.thought_signature))]
    blocks: list[tuple[str, list[StreamEvent]]] = []
    if part.text:
        blocks.append(("text", [{"contentBlockDelta": {"delta": {"text": part.text}}}]))
    if part.thought_signature:
        # Text has no place for a signature, and Gemini wants it back.
        blocks.append(("reasoning", _thought(None, part.thought_signature)))
    return blocks


def _told(part: Any) -> str:
    """Return for readers what a part is that is neither text, nor a thought, nor a call."""
    code, result, file, data = part.executable_code, part.code_execution_result, part.file_data, part.inline_data
    if code is not None:
        return f"Ran there:\n{code.code or ''}"
    if result is not None:
        return str(result.output or result.outcome or "")
    if file is not None or data is not None:
        return f"A file: {getattr(file, 'file_uri', None) or 'inside'}, {(file or data).mime_type}"
    named = part.model_dump(exclude_none=True, exclude={"thought_signature", "text", "thought"})
    return ", ".join(named)


def _picture_events(picture: Any) -> list[StreamEvent]:
    start: Any = {"image": {"format": picture.mime_type.partition("/")[2]}}
    delta: Any = {"image": {"source": {"bytes": picture.data}}}
    return [
        {"contentBlockStart": {"start": start}},
        {"contentBlockDelta": {"delta": delta}},
        {"contentBlockStop": {}},
    ]


def citations(candidate: Any) -> list[dict[str, Any]]:
    """Return what a reply rests on, as Google's own tools found it."""
    grounding = candidate.grounding_metadata
    if not grounding and not candidate.citation_metadata:
        return []
    chunks = [_source(chunk) for chunk in getattr(grounding, "grounding_chunks", None) or ()]
    found = []
    for support in getattr(grounding, "grounding_supports", None) or ():
        text = getattr(support.segment, "text", None) or ""
        for index in support.grounding_chunk_indices or ():
            if index < len(chunks):
                found.append({**chunks[index], "sourceContent": chunks[index]["sourceContent"] or [{"text": text}]})
    cited = getattr(candidate.citation_metadata, "citations", None) or ()
    recited = [_place(each.title, each.uri, None) for each in cited if each.uri or each.title]
    return [*(found or chunks), *recited]


def _source(chunk: Any) -> dict[str, Any]:
    place = chunk.web or chunk.retrieved_context or getattr(chunk, "maps", None)
    return _place(getattr(place, "title", None), getattr(place, "uri", None), getattr(place, "text", None))


def _place(title: str | None, uri: str | None, text: str | None) -> dict[str, Any]:
    url = uri or ""
    location = {"web": {"url": url, "domain": url.partition("//")[2].partition("/")[0]}}
    return {"title": title or "", "location": location, "sourceContent": [{"text": text}] if text else []}


def _call_events(part: Any, guard: ToolGuard) -> list[StreamEvent]:
    call = part.function_call
    start: Any = guard.start(call.id, call.name)
    if part.thought_signature:
        start["contentBlockStart"]["start"]["toolUse"]["reasoningSignature"] = _text(part.thought_signature)
    return [start, guard.arguments(json.dumps(call.args or {})), *guard.stop()]


def _thought(text: str | None, signature: bytes | None) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    if text:
        events.append({"contentBlockDelta": {"delta": {"reasoningContent": {"text": text}}}})
    if signature:
        events.append({"contentBlockDelta": {"delta": {"reasoningContent": {"signature": _text(signature)}}}})
    return events


def _text(signature: bytes) -> str:
    return b64encode(signature).decode("ascii")
