"""What is known of a message beside what it says: an id that it keeps, and what it cost. Models are not shown that."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strands.types.content import Message, Messages

_FIRST = 1 << 44  # from there on a number has the twelve digits that the last part of a UUID has
_head: str
_numbers: itertools.count[int]


def _begin() -> None:
    """Choose what the ids of this process begin with; each is a random UUID but for its last part, which counts on."""
    global _head, _numbers
    text = os.urandom(16).hex()
    _head = f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-"
    _numbers = itertools.count(_FIRST + int(text[20:31], 16))


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


def track(message: Message) -> None:
    """Give a message an id, if it has none."""
    if not message.get("tracking_id"):
        message["tracking_id"] = f"{_head}{next(_numbers):x}"


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
    return messages if getattr(model, "whole_messages", False) else all_bare(messages)
