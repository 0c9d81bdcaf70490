"""Gemini's format: contents of parts out, parts in."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._content import TEXT_FORMATS, data_of, document_text, mime, plain_text, unsupported

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

    from ._guard import ToolGuard

BLOCKED = frozenset(
    {"RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "MODEL_ARMOR", "IMAGE_SAFETY"}
)
BROKEN = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"})
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
            if "toolUse" in block:
                names[block["toolUse"]["toolUseId"]] = block["toolUse"]["name"]
            parts += _parts(block, names, signed="gemini-3" in model_id, provider=provider)
        if parts:
            contents.append({"role": "model" if message["role"] == "assistant" else "user", "parts": parts})
    return contents


def _parts(block: Mapping[str, Any], names: Mapping[str, str], *, signed: bool, provider: str) -> list[dict[str, Any]]:
    text = plain_text(block)
    if text is not None:
        return [{"text": text}]
    if "toolUse" in block:
        return [_call(block["toolUse"], signed)]
    if "toolResult" in block:
        return _result(block["toolResult"], names, provider)
    if "document" in block and block["document"]["format"] in TEXT_FORMATS:
        return [{"text": document_text(block["document"], provider)}]
    for kind in ("image", "document", "audio", "video"):
        if kind in block:
            data = data_of(block[kind], kind, provider)
            return [{"inline_data": {"mime_type": mime(block[kind]), "data": data}}]
    if "reasoningContent" in block:
        shown = block["reasoningContent"].get("reasoningText", {})
        if not shown.get("signature"):
            return []
        return [{"text": shown.get("text", ""), "thought": True, "thought_signature": _bytes(shown["signature"])}]
    if "cachePoint" in block:
        return []
    raise unsupported(block, provider)


def _call(use: Mapping[str, Any], signed: bool) -> dict[str, Any]:
    part: dict[str, Any] = {"function_call": {"id": use["toolUseId"], "name": use["name"], "args": use["input"]}}
    signature = use.get("reasoningSignature")
    if signature:
        part["thought_signature"] = _bytes(signature)
    elif signed:
        part["thought_signature"] = _FOREIGN
    return part


def _result(result: Mapping[str, Any], names: Mapping[str, str], provider: str) -> list[dict[str, Any]]:
    output, media = [], []
    for item in result["content"]:
        text = plain_text(item)
        if text is None:
            media += _parts(item, names, signed=False, provider=provider)
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
    formatted: dict[str, Any] = {"automatic_function_calling": {"disable": True}, **(config.get("params") or {})}
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
    tools += config.get("gemini_tools") or ()
    if tools:
        formatted["tools"] = tools
    choice: Any = tool_choice or {}
    if declarations and "tool" in choice:
        wanted = {"mode": "ANY", "allowed_function_names": [choice["tool"]["name"]]}
        formatted["tool_config"] = {"function_calling_config": wanted}
    elif declarations and "any" in choice:
        formatted["tool_config"] = {"function_calling_config": {"mode": "ANY"}}
    return formatted


def part_events(part: Any, guard: ToolGuard) -> list[tuple[str, list[StreamEvent]]]:
    """Return the blocks that a part belongs to, by their kind ("" for a complete one), each with its events."""
    if part.function_call is not None:
        return [("", _call_events(part, guard))]
    if part.thought:
        return [("reasoning", _thought(part.text, part.thought_signature))]
    blocks: list[tuple[str, list[StreamEvent]]] = []
    if part.text:
        blocks.append(("text", [{"contentBlockDelta": {"delta": {"text": part.text}}}]))
    if part.thought_signature:
        # Text has no place for a signature, and Gemini wants it back.
        blocks.append(("reasoning", _thought(None, part.thought_signature)))
    return blocks


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


def _bytes(signature: str) -> bytes:
    return b64decode(signature)
