"""What models at Bedrock have refused: learned from their errors, and not asked of them again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._stale_thoughts import BETA, DROPPED, STALE

_SAID = (
    ("mixed", r"[Cc]onversation blocks and tool result blocks cannot be provided in the same turn"),
    ("choice", r"toolChoice|tool_choice"),
    ("native", r"outputConfig|output_config"),
    ("marks", r"cachePoint|prompt caching"),
    ("streamed_tools", r"tool use in streaming mode"),
    ("stale_thoughts", STALE),
)


class Refusals:
    """What each model of an instance has refused.

    "mixed": a turn of results and other content; "choice": any tool choice, "one_tool": that of one tool; "native": a
    schema for its reply; "marks": cache points; "streamed_tools": tools in a stream; "stale_thoughts": thoughts whose
    history has changed.
    """

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    def of(self, model_id: str) -> frozenset[str]:
        """Return what a model has refused."""
        return self._known.get(model_id, frozenset())

    def learn(self, request: Mapping[str, Any], error: Exception) -> bool:
        """Note what a model refuses by an error.

        Returns:
            Whether that is news, so that the request, made anew, is another one.
        """
        code, message = _said(error)
        if code.lower() != "validationexception":
            return False
        kind = next((name for name, pattern in _SAID if re.search(pattern, message)), None)
        if kind == "choice" and _is_of_one(request):
            kind = "one_tool"
        known = self.of(request["modelId"])
        if kind is None or kind in known or (kind == "mixed" and not any(map(_is_mixed, request["messages"]))):
            return False
        self._known[request["modelId"]] = known | {kind}
        return True


def allowed_choice(choice: Any, tools: int, refused: frozenset[str]) -> Any:
    """Return a tool choice as a model takes it, or None."""
    if "choice" in refused or ("one_tool" in refused and "tool" in choice and tools > 1):
        return None
    return {"any": {}} if "one_tool" in refused and "tool" in choice else choice


def with_stale_thoughts_dropped(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return request fields by which Claude leaves thoughts out whose history has changed."""
    thinking = fields.get("thinking")
    if not isinstance(thinking, Mapping) or "block_binding" in thinking:
        return dict(fields)
    betas = [*(fields.get("anthropic_beta") or ()), BETA]
    return {**fields, "anthropic_beta": betas, "thinking": {**thinking, "block_binding": dict(DROPPED)}}


def _is_of_one(request: Mapping[str, Any]) -> bool:
    return "tool" in (request.get("toolConfig") or {}).get("toolChoice", ())


def _is_mixed(message: Mapping[str, Any]) -> bool:
    results = ["toolResult" in block for block in message["content"]]
    return any(results) and not all(results)


def _said(error: Any) -> tuple[str, str]:
    details = getattr(error, "response", None)
    said = details.get("Error", {}) if isinstance(details, Mapping) else {}
    return str(said.get("Code", "")), str(said.get("Message", ""))
