"""Pinning: messages that stay, whatever else a conversation manager removes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from strands.types.content import Message

_FLAG = "pinned"
_TASK = "task"


def pin_message(messages: list[Message], index: int) -> None:
    """Pin a message: its `metadata["custom"]["pinned"]` becomes True."""
    metadata = cast("dict[str, Any]", messages[index].setdefault("metadata", {}))
    metadata.setdefault("custom", {})[_FLAG] = True


def unpin_message(messages: list[Message], index: int) -> None:
    """Take a message's pin away; nothing happens when it has none."""
    metadata = messages[index].get("metadata")
    custom = metadata.get("custom") if metadata else None
    if metadata is None or custom is None or _FLAG not in custom:
        return
    del custom[_FLAG]
    if not custom:
        del metadata["custom"]
    if not metadata:
        del messages[index]["metadata"]


def pin_task(messages: list[Message], before: int) -> None:
    """Pin what the tools from `before` on work for: the last message of a user that is not a tool result."""
    for index in range(before - 1, -1, -1):
        message = messages[index]
        if message["role"] == "user" and not _results(message) and not _has_flag(message):
            pin_message(messages, index)
            cast("dict[str, Any]", message)["metadata"]["custom"][_TASK] = True
            return


def unpin_task(messages: list[Message]) -> None:
    """Take the pin of `pin_task` away: another task may be at hand now."""
    for index, message in enumerate(messages):
        custom = (message.get("metadata") or {}).get("custom")
        if custom is not None and custom.pop(_TASK, False):
            unpin_message(messages, index)
            return


def is_pinned(messages: list[Message], index: int) -> bool:
    """Return whether a message is pinned, or the tool use or result that it goes with."""
    if _has_flag(messages[index]):
        return True
    if index > 0 and _has_flag(messages[index - 1]) and _uses(messages[index - 1]) & _results(messages[index]):
        return True
    last = index + 1 >= len(messages)
    return not last and _has_flag(messages[index + 1]) and bool(_uses(messages[index]) & _results(messages[index + 1]))


def apply_pin_first(messages: list[Message], count: int) -> None:
    """Pin the first `count` messages."""
    for index in range(min(count, len(messages))):
        pin_message(messages, index)


def partition_pinned(messages: list[Message], start: int, end: int) -> tuple[list[Message], list[Message]]:
    """Return the pinned and the other messages from `start` to before `end`."""
    pinned: list[Message] = []
    others: list[Message] = []
    for index in range(start, min(end, len(messages))):
        (pinned if is_pinned(messages, index) else others).append(messages[index])
    return pinned, others


def _has_flag(message: Message) -> bool:
    return bool((message.get("metadata") or {}).get("custom", {}).get(_FLAG))


def _uses(message: Message) -> set[str]:
    return {block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block}


def _results(message: Message) -> set[str]:
    return {block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block}
