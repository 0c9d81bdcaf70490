"""Requests of Bedrock's Converse API from an agent's messages, and events from a reply that did not stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._content import plain_text

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

_FIELDS = {
    "audio": ("format", "source"),
    "cachePoint": ("type", "ttl"),
    "document": ("format", "name", "source", "citations", "context"),
    "image": ("format", "source"),
    "toolResult": ("toolUseId", "content", "status"),
    "toolUse": ("toolUseId", "name", "input"),
    "video": ("format", "source"),
}
_INFERENCE = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop_sequences": "stopSequences",
}


def format_request(
    config: Mapping[str, Any],
    messages: Messages,
    tool_specs: list[ToolSpec] | None,
    system: Sequence[SystemContentBlock],
    tool_choice: ToolChoice | None,
) -> dict[str, Any]:
    """Return the arguments of `converse_stream`."""
    request: dict[str, Any] = {
        "modelId": config["model_id"],
        "messages": [{"role": each["role"], "content": _blocks(each["content"])} for each in messages],
    }
    blocks: list[Any] = list(system)
    if config.get("cache_prompt"):
        blocks.append({"cachePoint": {"type": config["cache_prompt"]}})
    if blocks:
        request["system"] = blocks
    tools = _tools(config, tool_specs, messages)
    if tools:
        request["toolConfig"] = {"tools": tools}
        if tool_choice and tool_specs:
            request["toolConfig"]["toolChoice"] = tool_choice
    _mark_cache(config, request["messages"])
    request.update(_settings(config))
    return request


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    inference = {name: config[key] for key, name in _INFERENCE.items() if config.get(key) is not None}
    if inference:
        settings["inferenceConfig"] = inference
    if config.get("guardrail_id"):
        guardrail = {
            "guardrailIdentifier": config["guardrail_id"],
            "guardrailVersion": config.get("guardrail_version", "DRAFT"),
            "trace": config.get("guardrail_trace", "enabled"),
        }
        if config.get("guardrail_stream_processing_mode"):
            guardrail["streamProcessingMode"] = config["guardrail_stream_processing_mode"]
        settings["guardrailConfig"] = guardrail
    if config.get("additional_request_fields"):
        settings["additionalModelRequestFields"] = config["additional_request_fields"]
    if config.get("additional_response_field_paths"):
        settings["additionalModelResponseFieldPaths"] = config["additional_response_field_paths"]
    if config.get("service_tier"):
        settings["serviceTier"] = {"type": config["service_tier"]}
    return {**settings, **(config.get("additional_args") or {})}


def _tools(config: Mapping[str, Any], tool_specs: list[ToolSpec] | None, messages: Messages) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = [
        {"toolSpec": {key: spec[key] for key in ("name", "description", "inputSchema")}} for spec in tool_specs or ()
    ]
    if not tools:
        # A history with tool uses is refused unless the tools are named, whether they may be used or not.
        used = {b["toolUse"]["name"] for each in messages for b in each["content"] if "toolUse" in b}
        schema = {"json": {"type": "object", "properties": {}}}
        tools = [{"toolSpec": {"name": name, "description": name, "inputSchema": schema}} for name in sorted(used)]
    cache = config.get("cache_tools")
    if tools and cache:
        ttl = getattr(cache, "ttl", None)
        point = {"type": getattr(cache, "type", cache), **({"ttl": ttl} if ttl else {})}
        tools.append({"cachePoint": point})
    return tools


def _mark_cache(config: Mapping[str, Any], messages: list[dict[str, Any]]) -> None:
    cache = config.get("cache_config")
    if cache is None or not messages:
        return
    model_id = str(config["model_id"]).lower()
    if cache.strategy == "auto" and not any(name in model_id for name in ("anthropic", "claude", "nova")):
        return
    last = next((each for each in reversed(messages) if each["role"] == "user"), None)
    if last is not None:
        last["content"].append({"cachePoint": {"type": "default", **({"ttl": cache.ttl} if cache.ttl else {})}})


def _blocks(content: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [formatted for block in content if (formatted := _block(block)) is not None]


def _block(block: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = next((key for key in block if key in _FIELDS), None)
    if kind is None:
        return None if "text" in block and not block["text"] else dict(block)
    kept = {key: block[kind][key] for key in _FIELDS[kind] if block[kind].get(key) is not None}
    if kind == "toolResult":
        kept["content"] = [_result_item(item) for item in kept["content"]]
    elif "location" in kept.get("source", {}):
        location = {key: value for key, value in kept["source"]["location"].items() if key != "type"}
        kept["source"] = {"s3Location": location}
    return {kind: kept}


def _result_item(item: Mapping[str, Any]) -> dict[str, Any]:
    if "json" in item and not isinstance(item["json"], dict):
        return {"text": plain_text(item) or ""}
    return _block(item) or {"text": " "}


def redactions(config: Mapping[str, Any], trace: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the event by which a guardrail that blocked takes content back, or None."""
    guardrail = trace.get("guardrail")
    if not config.get("guardrail_id") or not _blocked(guardrail):
        return None
    redact = {}
    if config.get("guardrail_redact_input", True):
        redact["redactUserContentMessage"] = config.get("guardrail_redact_input_message", "[User input redacted.]")
    if config.get("guardrail_redact_output", False):
        text = config.get("guardrail_redact_output_message", "[Assistant output redacted.]")
        redact["redactAssistantContentMessage"] = text
    return {"redactContent": redact} if redact else None


def _blocked(assessment: Any) -> bool:
    if isinstance(assessment, Mapping):
        if assessment.get("action") == "BLOCKED" and assessment.get("detected", True):
            return True
        return any(_blocked(each) for each in assessment.values())
    return isinstance(assessment, list) and any(_blocked(each) for each in assessment)


def from_response(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of a reply that came in one piece."""
    message = response["output"]["message"]
    yield {"messageStart": {"role": message["role"]}}
    for block in message["content"]:
        if "toolUse" in block:
            use = block["toolUse"]
            yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": plain_text({"json": use["input"]})}}}}
        elif "reasoningContent" in block:
            yield from _reasoning(block["reasoningContent"])
        elif (text := plain_text(block)) is not None:
            yield {"contentBlockDelta": {"delta": {"text": text}}}
        yield {"contentBlockStop": {}}
    stop = {"stopReason": response["stopReason"]}
    if response.get("additionalModelResponseFields") is not None:
        stop["additionalModelResponseFields"] = response["additionalModelResponseFields"]
    yield {"messageStop": stop}
    keys = ("usage", "metrics", "trace")
    yield {"metadata": {key: response[key] for key in keys if key in response}}


def _reasoning(reasoning: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    shown = reasoning.get("reasoningText", {})
    parts = {"text": shown.get("text"), "signature": shown.get("signature")}
    parts["redactedContent"] = reasoning.get("redactedContent")
    for key, value in parts.items():
        if value:
            yield {"contentBlockDelta": {"delta": {"reasoningContent": {key: value}}}}
