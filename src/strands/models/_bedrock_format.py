"""Requests of Bedrock's Converse API from an agent's messages."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._bedrock_family import Family, is_claude
from ._bedrock_refusals import allowed_choice, with_stale_thoughts_dropped
from ._caching import mark_messages, mark_system, tools_mark

if TYPE_CHECKING:
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

    from .model import CacheConfig

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
    refused: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return the arguments of `converse_stream`.

    Args:
        config: The model's settings.
        messages: The conversation.
        tool_specs: The tools that are offered.
        system: The instructions.
        tool_choice: Which tool must be used.
        refused: What the model has refused before; see `Refusals`.
    """
    family = Family(config, refused)
    cache = _cache(config) if family.takes_marks else None
    marked: Any = mark_messages(messages, cache) if cache else messages
    request: dict[str, Any] = {
        "modelId": config["model_id"],
        "messages": family.turns(marked),
        "system": _system(config, system, cache, family, bool(tool_specs)),
        "inferenceConfig": {name: config[key] for key, name in _INFERENCE.items() if config.get(key) is not None},
    }
    if config.get("guardrail_latest_message"):
        _guard_newest(request["messages"])
    tools = _tools(config, tool_specs, messages, cache, family)
    choice = allowed_choice(tool_choice, len(tool_specs or ()), refused) if tool_choice else None
    if tools:
        request["toolConfig"] = {"tools": tools}
        if choice and tool_specs:
            request["toolConfig"]["toolChoice"] = choice
        elif tool_specs and not tool_choice and refused.isdisjoint(("choice", "one_tool")):
            request["toolConfig"]["toolChoice"] = {"auto": {}}
    request.update(_settings(config, forced=bool(choice) and "auto" not in (choice or {})))
    if "stale_thoughts" in refused and "additionalModelRequestFields" in request:
        fields = request["additionalModelRequestFields"]
        request["additionalModelRequestFields"] = with_stale_thoughts_dropped(fields)
    return request


def _system(
    config: Mapping[str, Any],
    system: Sequence[SystemContentBlock],
    cache: CacheConfig | None,
    family: Family,
    has_tools: bool,
) -> list[dict[str, Any]]:
    blocks: list[Any] = [block for block in system if block.get("text", "-").strip()]
    if config.get("cache_prompt"):
        warnings.warn(
            "cache_prompt is deprecated. Put a cachePoint into the system prompt, or set cache_config.", stacklevel=4
        )
        blocks.append({"cachePoint": {"type": config["cache_prompt"]}})
    on_tools = has_tools and family.takes_marks_on_tools
    blocks = mark_system(blocks, cache, tools_mark(cache, config.get("cache_tools")) if on_tools else None)
    if not family.takes_marks:
        blocks = [block for block in blocks if "cachePoint" not in block]
    return blocks if any("cachePoint" not in block for block in blocks) else []


def _cache(config: Mapping[str, Any]) -> CacheConfig | None:
    cache: CacheConfig | None = config.get("cache_config")
    if cache is not None and cache.strategy == "auto" and not is_claude(str(config["model_id"])):
        return None
    return cache


def _guard_newest(messages: list[dict[str, Any]]) -> None:
    """Point the guardrail to what the user said last, in place of the whole conversation."""
    for message in reversed(messages):
        if message["role"] == "user" and any("text" in block or "image" in block for block in message["content"]):
            message["content"] = [_guarded(block) for block in message["content"]]
            return


def _guarded(block: dict[str, Any]) -> dict[str, Any]:
    if "text" in block:
        return {"guardContent": {"text": {"text": block["text"]}}} if block["text"].strip() else block
    image = block.get("image", {})
    # A guardrail looks at no other formats, and at nothing that it would have to fetch.
    if image.get("format") in ("png", "jpeg") and "bytes" in image.get("source", {}):
        return {"guardContent": {"image": image}}
    return block


def _settings(config: Mapping[str, Any], *, forced: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {}
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
    config: Mapping[str, Any],
    tool_specs: list[ToolSpec] | None,
    messages: Messages,
    cache: CacheConfig | None,
    family: Family,
) -> list[dict[str, Any]]:
    strict = bool(config.get("strict_tools"))
    tools: list[dict[str, Any]] = [{"toolSpec": _spec(spec, strict)} for spec in tool_specs or ()]
    if not tools:
        # A history with tool uses is refused unless the tools are named, whether they may be used or not.
        used = {b["toolUse"]["name"] for each in messages for b in each["content"] if "toolUse" in b}
        schema = {"json": {"type": "object", "properties": {}}}
        tools = [{"toolSpec": {"name": name, "description": name, "inputSchema": schema}} for name in sorted(used)]
    mark = tools_mark(cache, config.get("cache_tools"))
    if tools and mark and family.takes_marks_on_tools:
        tools.append({"cachePoint": mark})
    return tools


def _spec(spec: ToolSpec, strict: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {key: spec[key] for key in ("name", "description", "inputSchema")}
    if strict:
        kept["strict"] = True
        kept["inputSchema"] = {"json": closed(spec["inputSchema"].get("json", spec["inputSchema"]))}
    return kept


def closed(schema: Any) -> Any:
    """Return a JSON Schema whose objects take no other properties than theirs; what a map takes, it says itself."""
    if not isinstance(schema, Mapping):
        return schema
    shut = dict(schema)
    for key in _SCHEMAS & shut.keys():
        shut[key] = closed(shut[key])
    for key in _SCHEMA_LISTS & shut.keys():
        shut[key] = [closed(each) for each in shut[key]]
    for key in _SCHEMA_MAPS & shut.keys():
        shut[key] = {name: closed(each) for name, each in shut[key].items()}
    if shut.get("type") in ("object", ["object", "null"]):
        shut.setdefault("additionalProperties", False)
    return shut
