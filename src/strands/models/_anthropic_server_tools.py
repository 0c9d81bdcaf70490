"""A reply that Anthropic pauses while its own tools work: what was said is sent back, and the reply goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_MOST = 10


class Said:
    """Keeps the blocks of a reply in Anthropic's own words.

    Attributes:
        blocks: The blocks so far.
        paused: Whether the reply waits to be sent back.
    """

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self.paused = False
        self._json: list[str] = []
        self._pauses = 0

    def take(self, item: Mapping[str, Any]) -> None:
        """Take an event."""
        kind = item.get("type")
        if kind == "content_block_start":
            self._json = []
            self.blocks.append(dict(item["content_block"]))
        elif kind == "content_block_delta":
            self._delta(item["delta"], self.blocks[-1])
        elif kind == "content_block_stop" and self._json:
            self.blocks[-1]["input"] = json.loads("".join(self._json))
        elif kind == "message_delta" and item["delta"].get("stop_reason") == "pause_turn":
            # One that never comes to its end is taken as it is.
            self._pauses += 1
            self.paused = self._pauses <= _MOST

    def _delta(self, delta: Mapping[str, Any], block: dict[str, Any]) -> None:
        kind = delta["type"]
        if kind in _TEXTS:
            name = _TEXTS[kind]
            block[name] = block.get(name, "") + delta[name]
        elif kind == "input_json_delta" and delta["partial_json"]:
            self._json.append(delta["partial_json"])
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
