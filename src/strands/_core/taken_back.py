"""A message whose content a guardrail took back, and what tells of it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands.types.json_bytes import encode_bytes_values

if TYPE_CHECKING:
    from strands.types.content import Message


class TakenBack:
    """A message that says something else now: what is kept of it must not say more.

    Args:
        message: The message as it is now.
        before: The content that it had.

    Attributes:
        message: The message as it is now.
        tool_use_ids: The tool uses whose results it holds.
    """

    def __init__(self, message: Message, before: Sequence[Any]) -> None:
        self.message = message
        self._before = encode_bytes_values(list(before))
        results = [block["toolResult"] for block in message["content"] if "toolResult" in block]
        self._results: dict[str, Any] = {result["toolUseId"]: result["content"] for result in results}
        self.tool_use_ids: frozenset[str] = frozenset(self._results)

    @property
    def text(self) -> str | None:
        """What the message said, where it was one text; else None."""
        (first, *more) = self._before or [{}]
        return first.get("text") if not more else None

    def holds(self, part: Any) -> bool:
        """Whether the message had this text, alone or among other things, or this content block."""
        if isinstance(part, str):
            return bool(part) and any(part in block.get("text", "") for block in self._before)
        return encode_bytes_values(part) in self._before

    @property
    def stand_in(self) -> str:
        """The text that stands in for a prompt."""
        return "\n".join(block["text"] for block in self.message["content"] if "text" in block)

    def cleared(self, value: Any) -> Any:
        """Return JSON with the message's new content in every place that has the old one."""
        if isinstance(value, Mapping):
            result = value.get("toolUseId") if "content" in value else None
            if result in self._results:
                return {**value, "content": self._results[result]}
            return {name: self.cleared(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            if encode_bytes_values(list(value)) == self._before:
                return self.message["content"]
            return [self.cleared(each) for each in value]
        return value


def emptied(value: Any) -> Any:
    """Return JSON with no content in the messages and tool results that it holds."""
    if isinstance(value, Mapping):
        return {name: [] if name == "content" else emptied(each) for name, each in value.items()}
    return [emptied(each) for each in value] if isinstance(value, (list, tuple)) else value
