"""Requests in OpenAI's chat completions format, which many servers speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._caching import warn_of_unused
from ._content import (
    TEXT_FORMATS,
    base64_of,
    data_url,
    document_text,
    is_blank,
    is_elsewhere,
    noted,
    plain_text,
    readable,
    unsupported,
)

if TYPE_CHECKING:
    from strands.agent.agent_metadata import AgentMetadata
    from strands.types.content import Message, Messages
    from strands.types.tools import ToolChoice, ToolSpec

    from .model import CacheConfig

_RETENTIONS = frozenset({"24h", "in_memory", "in-memory"})


def format_messages(
    messages: Messages, system_prompt: str | None, provider: str, model_id: str | None = None
) -> list[dict[str, Any]]:
    """Return the conversation in the chat format.

    What the model `model_id` thought before it called tools is given back by the name it came by: some servers refuse
    a tool's result without it.

    Raises:
        ModelRequestError: A message holds what the format has no place for.
    """
    formatted: list[dict[str, Any]] = []
    if system_prompt:
        formatted.append({"role": "system", "content": system_prompt})
    for message in messages:
        if message["role"] == "assistant":
            _add_assistant(formatted, message, model_id, provider)
        else:
            _add_user(formatted, message, provider)
    return formatted


def format_tools(tool_specs: list[ToolSpec] | None) -> list[dict[str, Any]]:
    """Return the tools in the chat format."""
    return [
        {
            "type": "function",
            "function": {
                "name": spec["name"],
                "description": spec["description"],
                "parameters": spec["inputSchema"].get("json", spec["inputSchema"]),
            },
        }
        for spec in tool_specs or ()
    ]


def format_tool_choice(tool_choice: ToolChoice | None) -> str | dict[str, Any]:
    """Return the tool choice in the chat format."""
    choice: Any = tool_choice or {}
    if "tool" in choice:
        return {"type": "function", "function": {"name": choice["tool"]["name"]}}
    return "required" if "any" in choice else "auto"


def cache_arguments(
    cache: CacheConfig | None, provider: str, agent_metadata: AgentMetadata | None = None
) -> dict[str, Any]:
    """Return the arguments by which OpenAI finds a prompt in its cache again.

    Args:
        cache: What the model is configured to do.
        provider: Whom to name in a warning of settings that it has no use for.
        agent_metadata: Whose prompt it is: where no key is set, the prompts of a session share one.
    """
    if cache is None:
        return {}
    known = cache.ttl is None or cache.ttl in _RETENTIONS
    warn_of_unused(cache, provider, {"cache_key", *(["ttl"] if known else [])})
    session_id = agent_metadata.session_id if agent_metadata is not None else None
    key = f"strands-{session_id}" if cache.cache_key is None and session_id else cache.cache_key
    arguments = {"prompt_cache_key": key, "prompt_cache_retention": cache.ttl if known else None}
    return {name: value for name, value in arguments.items() if value}


def _add_assistant(formatted: list[dict[str, Any]], message: Message, model_id: str | None, provider: str) -> None:
    texts, calls = [], []
    thoughts: dict[str, Any] = {}
    for block in message["content"]:
        if "toolUse" in block:
            calls.append(_call(block["toolUse"], model_id or "", provider))
        elif "reasoningContent" in block:
            thoughts.update(_thoughts(block["reasoningContent"], model_id))
        elif (text := plain_text(block) or noted(block)) and text.strip():
            texts.append(text)
    # An assistant message without content is refused by some servers.
    if texts or calls:
        content: dict[str, Any] = {"content": "\n".join(texts)} if texts else {}
        if calls and "content" in thoughts:  # it came as parts of the content
            content["content"] = [*thoughts.pop("content"), *({"type": "text", "text": text} for text in texts)]
        formatted.append({"role": "assistant", **content, **({**thoughts, "tool_calls": calls} if calls else {})})


def _call(use: Mapping[str, Any], model_id: str, provider: str) -> dict[str, Any]:
    function = {"name": use["name"], "arguments": plain_text({"json": use["input"]})}
    call: dict[str, Any] = {"id": use["toolUseId"], "type": "function", "function": function}
    signature = use.get("reasoningSignature")
    if signature and provider != "LiteLLM":
        call["extra_content"] = {"google": {"thought_signature": signature}}
    elif signature and "gemini" in model_id.lower():
        call["provider_specific_fields"] = {"thought_signature": signature}
    return call


def _thoughts(reasoning: Mapping[str, Any], model_id: str | None) -> dict[str, Any]:
    origin = reasoning.get("origin") or {}
    if model_id is None or origin.get("model") != model_id or "field" not in origin:
        return {}  # another model's, or of a server that gave it no name
    value = origin.get("value")
    return {origin["field"]: reasoning.get("reasoningText", {}).get("text", "") if value is None else value}


def _add_user(formatted: list[dict[str, Any]], message: Message, provider: str) -> None:
    parts: list[dict[str, Any]] = []
    alone = len(message["content"]) == 1
    for block in message["content"]:
        if "toolResult" not in block:
            if alone or not (is_blank(block) or is_elsewhere(block, provider)):
                parts.extend(_part(block, provider))
            continue
        result = block["toolResult"]
        shown = [part for item in result["content"] for part in readable(item, lambda each: _part(each, provider))]
        texts = [part["text"] for part in shown if part["type"] == "text"]
        if len(texts) < len(shown):
            # A tool message carries only text, so a picture follows as the user's.
            parts += [part for part in shown if part["type"] != "text"]
            texts.append("(The rest of this result is in the next user message.)")
        formatted.append({"role": "tool", "tool_call_id": result["toolUseId"], "content": "\n".join(texts)})
    if len(parts) == 1 and parts[0]["type"] == "text":
        formatted.append({"role": "user", "content": parts[0]["text"]})
    elif parts:
        formatted.append({"role": "user", "content": parts})


def _part(block: Mapping[str, Any], provider: str) -> list[dict[str, Any]]:
    text = plain_text(block)
    if text is not None:
        return [{"type": "text", "text": text}]
    if "image" in block:
        return [{"type": "image_url", "image_url": {"url": data_url(block["image"], "an image", provider)}}]
    if "document" in block:
        document = block["document"]
        if document["format"] in TEXT_FORMATS:
            return [{"type": "text", "text": document_text(document, provider)}]
        name = f"{document.get('name', 'document')}.{document['format']}"
        url = data_url(document, "a document", provider)
        return [{"type": "file", "file": {"filename": name, "file_data": url}}]
    if "audio" in block:
        audio = block["audio"]
        data = base64_of(audio, "audio", provider)
        return [{"type": "input_audio", "input_audio": {"data": data, "format": audio["format"]}}]
    if "cachePoint" in block or "reasoningContent" in block:
        return []
    raise unsupported(block, provider)
