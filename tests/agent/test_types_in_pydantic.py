"""The types of messages can be fields of pydantic models, and so of web handlers."""

from __future__ import annotations

import typing
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from strands.types import content, tools

MODULES = ("agent", "citations", "content", "event_loop", "guardrails", "interrupt", "media", "streaming", "tools")
TYPES = [
    each
    for name in MODULES
    for each in vars(import_module(f"strands.types.{name}")).values()
    if typing.is_typeddict(each) and each.__module__ == f"strands.types.{name}"
]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_type_of_a_message_is_one_that_pydantic_takes(kind: Any) -> None:
    assert TypeAdapter(kind).json_schema()["type"] == "object"


def test_a_model_with_messages_checks_them() -> None:
    class Chat(BaseModel):
        messages: content.Messages
        results: list[tools.ToolResult] = []

    chat = Chat(messages=[{"role": "user", "content": [{"text": "hi"}]}])
    assert chat.model_dump()["messages"] == [{"role": "user", "content": [{"text": "hi"}]}]
    with pytest.raises(ValidationError):
        Chat(messages=[{"role": "nobody", "content": []}])  # type: ignore[typeddict-item]
