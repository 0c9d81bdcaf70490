"""What the families of models at Bedrock take in a message, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import ModelRequestError

from ._content import plain_text

if TYPE_CHECKING:
    from strands.types.content import Messages

_FIELDS = {
    "audio": ("format", "source"),
    "cachePoint": ("type", "ttl"),
    "citationsContent": ("content", "citations"),
    "document": ("format", "name", "source", "citations", "context"),
    "guardContent": ("text", "image"),
    "image": ("format", "source"),
    "toolResult": ("toolUseId", "content", "status"),
    "toolUse": ("toolUseId", "name", "input"),
    "video": ("format", "source"),
}
_CITED = ("title", "source", "sourceContent", "location")
_REASONING = ("reasoningText", "redactedContent")
_PARTED = re.compile(r"meta\.llama|mistral\.")
_UNCACHED = re.compile(r"meta\.llama|mistral\.|deepseek\.|cohere\.|ai21\.|qwen\.|gemma|gpt-oss|nemotron|titan")
_WITHOUT_THOUGHTS = re.compile(
    r"deepseek|gemma|llama|mistral\.devstral|mistral\.ministral|mistral\.mistral-large|nemotron-nano-9b"
    r"|nemotron-super|nova-lite|nova-pro|openai\.gpt-5|openai\.gpt-6|palmyra|qwen3-235b|qwen3-coder"
    r"|xai\.grok"
)
_VIDEO = {"3gp": "three_gp", "3g2": "three_gp", "3gpp": "three_gp"}
_BESIDE = "(The {kind} of this result is beside it.)"
_BETWEEN = "I have the results."


def is_claude(model_id: str) -> bool:
    """Whether a model is one of Anthropic's."""
    return "anthropic" in model_id.lower() or "claude" in model_id.lower()


class Family:
    """The family of a model.

    Args:
        config: The model's settings.
        refused: What the model has refused before; see `Refusals`.
    """

    def __init__(self, config: Mapping[str, Any], refused: frozenset[str] = frozenset()) -> None:
        self._id = str(config["model_id"])
        model_id = self._id.lower()
        status = config.get("include_tool_result_status")
        self._claude = is_claude(model_id)
        self._nova = "nova" in model_id
        # The name of an inference profile does not tell the family.
        self._any = (model_id.startswith("arn:") or "." not in model_id) and not self._claude
        self._thinks = _WITHOUT_THOUGHTS.search(model_id) is None
        self._deepseek = "deepseek" in model_id
        self._status = self._claude if status in (None, "auto") else bool(status)
        self._parted = "mixed" in refused or _PARTED.search(model_id) is not None
        told = getattr(config.get("cache_config"), "strategy", "auto") != "auto"
        known = told or _UNCACHED.search(model_id) is None
        self.takes_marks = "marks" not in refused and known
        self.takes_marks_on_tools = self.takes_marks and (told or not self._nova)

    def turns(self, messages: Messages) -> list[dict[str, Any]]:
        """Return messages as Bedrock takes them: none without content, and never two of one role in a row.

        Where nothing would be left, all goes as it is: Bedrock says what is wrong with it.
        """
        return self._turns(messages) or [turn for turn in map(self._as_it_is, messages) if turn["content"]]

    def _as_it_is(self, message: Mapping[str, Any]) -> dict[str, Any]:
        blocks = (dict(block) if "text" in block else self._block(block) for block in message["content"])
        return {"role": message["role"], "content": [block for block in blocks if block is not None]}

    def _turns(self, messages: Messages) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = []
        for message in messages:
            content = self._blocks(message["content"])
            while message["role"] == "assistant" and content and "reasoningContent" in content[-1]:
                content.pop()  # a reply that ends with a thought, or is nothing else, is refused
            if turns and turns[-1]["role"] == message["role"]:
                turns[-1]["content"] += content
            elif content:
                turns.append({"role": message["role"], "content": content})
        for turn in turns:
            given = turn["role"] == "user"
            turn["content"] = _placed(_results_first(turn["content"]) if given else turn["content"])
        turns = [turn for turn in turns if turn["content"]]
        return [part for turn in turns for part in _parts(turn)] if self._parted else turns

    def _blocks(self, content: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        beside: list[dict[str, Any]] = []
        for block in content:
            formatted = self._block(block)
            if formatted is None:
                continue
            if self._nova and "toolResult" in block:
                beside += _set_aside(formatted["toolResult"])
            blocks.append(formatted)
        return [*blocks, *beside]

    def _block(self, block: Mapping[str, Any]) -> dict[str, Any] | None:
        if "text" in block:
            return {"text": block["text"]} if block["text"].strip() else None
        if "reasoningContent" in block:
            return self._thought(block["reasoningContent"])
        kind = next((key for key in block if key in _FIELDS), None)
        if kind is None:
            return None if "SDK_UNKNOWN_MEMBER" in block else dict(block)  # boto3's word for what it could not read
        if kind == "cachePoint" and not self.takes_marks:
            return None
        kept = {key: block[kind][key] for key in _FIELDS[kind] if block[kind].get(key) is not None}
        if kind == "cachePoint" and not kept.get("ttl"):
            kept.pop("ttl", None)
        if kind == "toolResult":
            self._result(kept)
        elif kind == "citationsContent":
            return self._cited(block)
        elif kind == "toolUse" and not isinstance(kept.get("input"), dict):
            kept["input"] = {}
        elif "location" in kept.get("source", {}):
            kept["source"] = {
                "s3Location": _in_s3(kept["source"]["location"], f"an {kind}" if kind[0] in "ai" else f"a {kind}")
            }
        if kind == "video":
            kept["format"] = _VIDEO.get(kept["format"], kept["format"])
        return {kind: kept}

    def _result(self, result: dict[str, Any]) -> None:
        items = (self._result_item(item) for item in result["content"])
        result["content"] = [item for item in items if item is not None] or [{"text": ""}]
        if not self._status:
            result.pop("status", None)

    def _result_item(self, item: Mapping[str, Any]) -> dict[str, Any] | None:
        if "json" in item and (self._nova or not isinstance(item["json"], dict)):
            return {"text": plain_text(item) or ""}
        return self._block(item)

    def _cited(self, block: Mapping[str, Any]) -> dict[str, Any] | None:
        text = plain_text(block) or ""
        if not text.strip():
            return None
        if not (self._claude or self._nova or self._any):
            return {"text": text}
        known = ("title", "source", "sourceContent", "location")
        citations = [
            {key: each[key] for key in known if each.get(key)}
            for each in block["citationsContent"].get("citations", ())
        ]
        return {"citationsContent": {"content": [{"text": text}], "citations": [each for each in citations if each]}}

    def _thought(self, reasoning: Mapping[str, Any]) -> dict[str, Any] | None:
        origin = reasoning.get("origin") or {}
        if origin:  # of a tool that ran there, or of another provider
            block: dict[str, Any] | None = origin.get("block") if origin.get("model") == self._id else None
            return block
        if not self._takes(reasoning):
            return None
        kept = {key: reasoning[key] for key in _REASONING if reasoning.get(key)}
        if "reasoningText" in kept:
            shown = kept["reasoningText"]
            kept["reasoningText"] = {key: shown[key] for key in ("text", "signature") if shown.get(key)}
        return {"reasoningContent": kept} if kept else None

    def _takes(self, reasoning: Mapping[str, Any]) -> bool:
        if self._any or "redactedContent" in reasoning:
            return not self._deepseek
        # Claude wants its own thoughts back signed; the others know no signature.
        signed = bool(reasoning.get("reasoningText", {}).get("signature"))
        return signed if self._claude else self._thinks and not signed


def _in_s3(location: Mapping[str, Any], kind: str) -> dict[str, Any]:
    if location.get("type", "s3") != "s3" or not location.get("uri"):
        raise ModelRequestError(
            f"Bedrock cannot read {kind} from the location {dict(location)!r}: give its 'bytes', or a location of "
            "the type 's3' with a 'uri'."
        )
    return {key: value for key, value in location.items() if key != "type"}


def _set_aside(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Take documents and videos out of a tool's result; they follow it."""
    aside, kept = [], []
    for item in result["content"]:
        kind = next((each for each in ("document", "video") if each in item), None)
        if kind is None:
            kept.append(item)
        else:
            aside.append(item)
            kept.append({"text": _BESIDE.format(kind=kind)})
    result["content"] = kept
    return aside


def _results_first(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not any("toolResult" in block for block in content):
        return content
    return sorted(content, key=lambda block: "toolResult" not in block)


def _placed(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return content with its cache points where Bedrock takes them: behind something, and no document but PDF."""
    placed: list[dict[str, Any]] = []
    for block in content:
        if "cachePoint" not in block:
            placed.append(block)
            continue
        at = len(placed)
        while at and _ends_no_prefix(placed[at - 1]):
            at -= 1
        if at and "cachePoint" not in placed[at - 1]:
            placed.insert(at, block)
    return placed


def _ends_no_prefix(block: Mapping[str, Any]) -> bool:
    return "document" in block and block["document"].get("format") != "pdf"


def _parts(turn: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a turn as one of results and one of the rest, for models that take no turn of both."""
    results = [block for block in turn["content"] if "toolResult" in block]
    rest = [block for block in turn["content"] if "toolResult" not in block]
    if turn["role"] != "user" or not results or all("cachePoint" in block for block in rest):
        return [turn]
    between = {"role": "assistant", "content": [{"text": _BETWEEN}]}
    return [{**turn, "content": results}, between, {**turn, "content": rest}]
