"""What is known of a message beside what it says: an id that it keeps, and what it cost. Models are not shown that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strands.types.content import Message, Messages


def track(message: Message) -> None:
    """Give a message an id, if it has none."""
    if not message.get("tracking_id"):
        message["tracking_id"] = new_id()


def track_all(messages: Iterable[Message]) -> None:
    """Give each message an id that has none."""
    for message in messages:
        track(message)


def track_newest(messages: Messages) -> None:
    """Give the newest messages ids, which somebody may have added by hand, back to one that has its own."""
    for message in reversed(messages):
        if message.get("tracking_id"):
            return
        track(message)


def bare(message: Message) -> Message:
    """Return what a model is shown of a message: who says what."""
    return {"role": message["role"], "content": message["content"]}


def all_bare(messages: Messages) -> Messages:
    """Return what is said in a conversation; it is in the way of each call, so it calls nothing."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def shown_to(model: object, messages: Messages) -> Messages:
    """Return a conversation as a model is given it: whole where it says so, else what is said alone."""
    return messages if getattr(model, "whole_messages", False) is True else all_bare(messages)
