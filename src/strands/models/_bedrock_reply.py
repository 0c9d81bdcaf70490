"""Bedrock's replies as events: tools that ran there are kept as they came, and guardrails take content back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._content import kept, plain_text
from ._tool_use_guard import ToolGuard

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.streaming import StreamEvent

_STOP_REASONS = {"model_context_window_exceeded": "max_tokens", "malformed_model_output": "malformed_tool_use"}


class BedrockReply:
    """Turns the events of one reply into ours.

    Args:
        config: The model's settings, for what its guardrail redacts.
        messages: The conversation that it answers.
        provider: Whom to name in an error.
        whole: Whether the reply came in one piece: what its guardrail takes back follows all the rest.
        stopped_by: Ends the reply early when it is set.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        messages: Messages,
        provider: str,
        *,
        whole: bool = False,
        stopped_by: threading.Event | None = None,
    ) -> None:
        self._guard = ToolGuard(messages, provider)
        self._config = config
        self._whole = whole
        self._stopped_by = stopped_by
        self._stop: str | None = None
        self._judged = False
        self._there: dict[str, Any] | None = None  # the block of a tool that runs there
        self._input: list[str] = []

    def feed(self, event: Mapping[str, Any]) -> list[StreamEvent]:
        """Return the events of one of Bedrock's."""
        passed: Any = event
        if "contentBlockStart" in event:
            return self._start(event["contentBlockStart"].get("start") or {}, passed)
        if "contentBlockDelta" in event:
            return self._delta(event["contentBlockDelta"]["delta"], passed)
        if "contentBlockStop" in event:
            return self._end_there() if self._there is not None else self._guard.stop()
        if "messageStop" in event:
            stop = dict(event["messageStop"])
            self._stop = stop.pop("stopReason")
            return self._guard.finish(_STOP_REASONS.get(str(self._stop), str(self._stop)), **stop)
        if "metadata" in event:
            redacted = self._redacted((event["metadata"].get("trace") or {}).get("guardrail"))
            return [passed, *redacted] if self._whole else [*redacted, passed]
        return [passed]

    def finish(self) -> list[StreamEvent]:
        """Return what follows the last event.

        Raises:
            ModelUnavailableError: The reply broke off.
        """
        if self._stopped_by is not None and self._stopped_by.is_set():
            return []
        self._guard.check_end()
        return [] if self._judged else self._redacted(None)

    def _start(self, start: Mapping[str, Any], passed: Any) -> list[StreamEvent]:
        use, result = start.get("toolUse"), start.get("toolResult")
        if use and use.get("type") == "server_tool_use":
            self._there, self._input = {"toolUse": {**use, "input": {}}}, []
            return []
        if result:
            self._there = {"toolResult": {**result, "content": []}}
            return []
        return [self._guard.start(use["toolUseId"], use["name"])] if use else [passed]

    def _delta(self, delta: Mapping[str, Any], passed: Any) -> list[StreamEvent]:
        if self._there is not None:
            if "toolUse" in delta:
                self._input.append(delta["toolUse"].get("input") or "")
            elif "toolResult" in delta:
                self._there["toolResult"]["content"] += delta["toolResult"]
            return []
        if "toolUse" in delta:
            return [self._guard.arguments(delta["toolUse"]["input"])]
        if "image" in delta and "error" in delta["image"]:
            said: Any = {"text": f"(No image: {delta['image']['error'].get('message') or 'no reason given'})"}
            return [{"contentBlockDelta": {"delta": said}}]
        return [passed]

    def _end_there(self) -> list[StreamEvent]:
        block, self._there = self._there or {}, None
        if "toolUse" in block:
            block["toolUse"]["input"] = _object("".join(self._input))
        return kept(str(self._config["model_id"]), "block", block, _told(block))

    def _redacted(self, guardrail: Mapping[str, Any] | None) -> list[StreamEvent]:
        """Return the event by which a guardrail that blocked takes content back.

        Its trace tells what it blocked and what it only masked; without one the stop reason decides.
        """
        if self._judged:
            return []
        self._judged = True
        if guardrail is None:
            asked = answered = self._stop == "guardrail_intervened"
        else:
            asked = _blocked(guardrail.get("inputAssessment"))
            answered = asked or _blocked(guardrail.get("outputAssessments"))
        config, redact = self._config, {}
        if asked and config.get("guardrail_redact_input") in (None, True):
            text = config.get("guardrail_redact_input_message") or "[User input redacted.]"
            redact["redactUserContentMessage"] = text
        if answered and config.get("guardrail_redact_output"):
            text = config.get("guardrail_redact_output_message") or "[Assistant output redacted.]"
            redact["redactAssistantContentMessage"] = text
        event: Any = {"redactContent": redact}
        return [event] if redact else []


def from_response(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of a reply that came in one piece."""
    message = response["output"]["message"]
    yield {"messageStart": {"role": message["role"]}}
    for block in message["content"]:
        yield from _block(block)
        yield {"contentBlockStop": {}}
    fields = response.get("additionalModelResponseFields")
    yield {"messageStop": {"stopReason": response["stopReason"], "additionalModelResponseFields": fields}}
    told = {key: response[key] for key in ("usage", "metrics", "trace") if key in response}
    if told:
        yield {"metadata": told}


def _block(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "toolUse" in block:
        start = {key: value for key, value in block["toolUse"].items() if key != "input"}
        yield {"contentBlockStart": {"start": {"toolUse": start}}}
        yield {"contentBlockDelta": {"delta": {"toolUse": {"input": plain_text({"json": block["toolUse"]["input"]})}}}}
    elif "toolResult" in block:
        start = {key: value for key, value in block["toolResult"].items() if key != "content"}
        yield {"contentBlockStart": {"start": {"toolResult": start}}}
        yield {"contentBlockDelta": {"delta": {"toolResult": block["toolResult"].get("content") or []}}}
    elif "image" in block:
        yield {"contentBlockStart": {"start": {"image": {"format": block["image"].get("format", "png")}}}}
        yield {"contentBlockDelta": {"delta": {"image": {k: v for k, v in block["image"].items() if k != "format"}}}}
    elif "reasoningContent" in block:
        yield from _reasoning(block["reasoningContent"])
    elif "citationsContent" in block:
        yield from _cited(block["citationsContent"])
    elif text := plain_text(block):
        yield {"contentBlockDelta": {"delta": {"text": text}}}


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


def _blocked(assessment: Any) -> bool:
    if isinstance(assessment, Mapping):
        if assessment.get("action") == "BLOCKED" and assessment.get("detected", True):
            return True
        return any(_blocked(each) for each in assessment.values())
    return isinstance(assessment, list) and any(_blocked(each) for each in assessment)


def _told(block: Mapping[str, Any]) -> str:
    """Return for readers what a tool that ran there was asked, or what it answered."""
    if "toolUse" in block:
        return f"{block['toolUse'].get('name')} {json.dumps(block['toolUse']['input'], ensure_ascii=False)}"
    return "\n".join(filter(None, map(plain_text, block["toolResult"]["content"])))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
