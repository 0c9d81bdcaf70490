"""Requests of Bedrock's Converse API from an agent's messages, and events from a reply that did not stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._caching import mark_messages, mark_system, tools_mark
from ._content import plain_text

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

    from .model import CacheConfig

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
# Where a JSON Schema holds others: one, a list of them, or a map of names to them.
_SCHEMAS = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains"})
_SCHEMA_LISTS = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
_SCHEMA_MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties"})


def format_request(
    config: Mapping[str, Any],
    messages: Messages,
    tool_specs: list[ToolSpec] | None,
    system: Sequence[SystemContentBlock],
    tool_choice: ToolChoice | None,
) -> dict[str, Any]:
    """Return the arguments of `converse_stream`."""
    cache = _cache(config)
    marked: Any = mark_messages(messages, cache) if cache else messages
    model = _Model(config)
    request: dict[str, Any] = {"modelId": config["model_id"], "messages": _turns(marked, model)}
    if config.get("guardrail_latest_message"):
        _guard_newest(request["messages"])
    blocks: list[Any] = list(system)
    if config.get("cache_prompt"):
        blocks.append({"cachePoint": {"type": config["cache_prompt"]}})
    blocks = mark_system(blocks, cache)
    if blocks:
        request["system"] = blocks
    tools = _tools(config, tool_specs, messages, cache)
    if tools:
        request["toolConfig"] = {"tools": tools}
        if tool_choice and tool_specs:
            request["toolConfig"]["toolChoice"] = tool_choice
    request.update(_settings(config, forced=bool(tool_choice) and "auto" not in (tool_choice or {})))
    return request


def _turns(messages: Messages, model: _Model) -> list[dict[str, Any]]:
    """Return messages as Bedrock takes them: none without content, and never two of one role in a row."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        content = model.blocks(message["content"])
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": message["role"], "content": content})
    return turns


def _cache(config: Mapping[str, Any]) -> CacheConfig | None:
    cache: CacheConfig | None = config.get("cache_config")
    if cache is not None and cache.strategy == "auto" and not _is_claude(str(config["model_id"])):
        return None
    return cache


def _is_claude(model_id: str) -> bool:
    return "anthropic" in model_id.lower() or "claude" in model_id.lower()


def _guard_newest(messages: list[dict[str, Any]]) -> None:
    """Point the guardrail to what the user said last, in place of the whole conversation."""
    for message in reversed(messages):
        if message["role"] == "user" and any("text" in block or "image" in block for block in message["content"]):
            message["content"] = [_guarded(block) for block in message["content"]]
            return


def _guarded(block: dict[str, Any]) -> dict[str, Any]:
    if "text" in block:
        return {"guardContent": {"text": {"text": block["text"]}}}
    image = block.get("image", {})
    # A guardrail looks at no other formats, and at nothing that it would have to fetch.
    if image.get("format") in ("png", "jpeg") and "bytes" in image.get("source", {}):
        return {"guardContent": {"image": image}}
    return block


def _settings(config: Mapping[str, Any], *, forced: bool) -> dict[str, Any]:
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
    fields = config.get("additional_request_fields")
    if fields and forced:
        # Claude refuses to be forced to a tool while it thinks.
        fields = {name: value for name, value in fields.items() if name != "thinking"}
    if fields:
        settings["additionalModelRequestFields"] = fields
    if config.get("additional_response_field_paths"):
        settings["additionalModelResponseFieldPaths"] = config["additional_response_field_paths"]
    if config.get("service_tier"):
        settings["serviceTier"] = {"type": config["service_tier"]}
    return {**settings, **(config.get("additional_args") or {})}


def _tools(
    config: Mapping[str, Any], tool_specs: list[ToolSpec] | None, messages: Messages, cache: CacheConfig | None
) -> list[dict[str, Any]]:
    strict = bool(config.get("strict_tools"))
    tools: list[dict[str, Any]] = [{"toolSpec": _spec(spec, strict)} for spec in tool_specs or ()]
    if not tools:
        # A history with tool uses is refused unless the tools are named, whether they may be used or not.
        used = {b["toolUse"]["name"] for each in messages for b in each["content"] if "toolUse" in b}
        schema = {"json": {"type": "object", "properties": {}}}
        tools = [{"toolSpec": {"name": name, "description": name, "inputSchema": schema}} for name in sorted(used)]
    mark = tools_mark(cache, config.get("cache_tools"))
    if tools and mark:
        tools.append({"cachePoint": mark})
    return tools


def _spec(spec: ToolSpec, strict: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {key: spec[key] for key in ("name", "description", "inputSchema")}
    if strict:
        kept["strict"] = True
        kept["inputSchema"] = {"json": _closed(spec["inputSchema"].get("json", spec["inputSchema"]))}
    return kept


def _closed(schema: Any) -> Any:
    """Return a JSON Schema whose objects take no other properties than theirs; what a map takes, it says itself."""
    if not isinstance(schema, Mapping):
        return schema
    closed = dict(schema)
    for key in _SCHEMAS & closed.keys():
        closed[key] = _closed(closed[key])
    for key in _SCHEMA_LISTS & closed.keys():
        closed[key] = [_closed(each) for each in closed[key]]
    for key in _SCHEMA_MAPS & closed.keys():
        closed[key] = {name: _closed(each) for name, each in closed[key].items()}
    if closed.get("type") in ("object", ["object", "null"]):
        closed.setdefault("additionalProperties", False)
    return closed


class _Model:
    """What the family of a model takes in a message, and what it refuses."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        model_id = str(config["model_id"]).lower()
        status = config.get("include_tool_result_status")
        self._claude = _is_claude(model_id)
        # The name of an inference profile does not tell the family.
        self._any = model_id.startswith("arn:") and not self._claude
        self._deepseek, self._llama = "deepseek" in model_id, "llama" in model_id
        self._json = "nova" not in model_id
        self._status = self._claude if status in (None, "auto") else bool(status)

    def blocks(self, content: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [formatted for block in content if (formatted := self._block(block)) is not None]

    def _block(self, block: Mapping[str, Any]) -> dict[str, Any] | None:
        if "text" in block:
            return {"text": block["text"]} if block["text"] else None
        if "reasoningContent" in block and not self._takes(block["reasoningContent"]):
            return None
        kind = next((key for key in block if key in _FIELDS), None)
        if kind is None:
            return dict(block)
        kept = {key: block[kind][key] for key in _FIELDS[kind] if block[kind].get(key) is not None}
        if kind == "toolResult":
            kept["content"] = [self._result_item(item) for item in kept["content"]] or [{"text": ""}]
            if not self._status:
                kept.pop("status", None)
        elif "location" in kept.get("source", {}):
            location = {key: value for key, value in kept["source"]["location"].items() if key != "type"}
            kept["source"] = {"s3Location": location}
        return {kind: kept}

    def _result_item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        if "json" in item and not (self._json and isinstance(item["json"], dict)):
            return {"text": plain_text(item) or ""}
        return self._block(item) or {"text": ""}

    def _takes(self, reasoning: Mapping[str, Any]) -> bool:
        if self._any or "redactedContent" in reasoning:
            return not self._deepseek
        # Claude wants its own thoughts back signed; the others know no signature.
        signed = bool(reasoning.get("reasoningText", {}).get("signature"))
        return signed if self._claude else not (signed or self._deepseek or self._llama)


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
        elif "citationsContent" in block:
            yield from _cited(block["citationsContent"])
        elif text := plain_text(block):
            yield {"contentBlockDelta": {"delta": {"text": text}}}
        yield {"contentBlockStop": {}}
    stop = {"stopReason": response["stopReason"]}
    if response.get("additionalModelResponseFields") is not None:
        stop["additionalModelResponseFields"] = response["additionalModelResponseFields"]
    yield {"messageStop": stop}
    keys = ("usage", "metrics", "trace")
    yield {"metadata": {key: response[key] for key in keys if key in response}}


def _cited(cited: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in cited.get("content", ()):
        yield {"contentBlockDelta": {"delta": {"text": part.get("text", "")}}}
    for citation in cited.get("citations", ()):
        yield {"contentBlockDelta": {"delta": {"citation": citation}}}


def _reasoning(reasoning: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    shown = reasoning.get("reasoningText", {})
    parts = {"text": shown.get("text"), "signature": shown.get("signature")}
    parts["redactedContent"] = reasoning.get("redactedContent")
    for key, value in parts.items():
        if value:
            yield {"contentBlockDelta": {"delta": {"reasoningContent": {key: value}}}}
