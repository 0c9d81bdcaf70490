"""Tool uses that the model wrote badly: they do not run, and the model is told why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.tools.results import error_result
from strands.types.exceptions import ModelRequestError

if TYPE_CHECKING:
    from strands.types.content import Message, Messages
    from strands.types.tools import ToolResult, ToolUse

    from .reply import ModelReply

STOP = "malformed_tool_use"
_MOST = 5
"""Replies in a row that may be malformed before the model is given up."""
_UNREADABLE = (
    "This reply held a tool use that could not be read, and nothing was run. Use the tool again, with arguments that "
    "are a JSON object and fit its schema."
)


def result_of(use: ToolUse) -> ToolResult:
    """Return what the model is told of a tool use that is malformed."""
    text = f"Nothing was run: {use['malformed']}. Use the tool again, with a JSON object that fits its schema."
    return error_result(use["toolUseId"], text)


def check(messages: Messages, reply: ModelReply) -> None:
    """Make a malformed reply fit for the history, unless there were too many of them.

    Raises:
        ModelRequestError: It is one of too many in a row.
    """
    if not _is_malformed(reply.message) and reply.stop_reason != STOP:
        return
    count = 1
    for message in reversed(messages):
        if message["role"] == "user" and _answers(message):
            continue
        if not _is_malformed(message):
            break
        count += 1
    if count >= _MOST:
        raise ModelRequestError(f"the model's tool uses could not be read {count} times in a row; nothing was run")
    if not any(block.get("text") or "toolUse" in block for block in reply.message["content"]):
        reply.message["content"].append({"text": "(a tool use that could not be read)"})


def request() -> Message:
    """Return the message that asks for a better tool use."""
    return {"role": "user", "content": [{"text": _UNREADABLE}]}


def _is_malformed(message: Message) -> bool:
    for block in message["content"]:  # noqa: SIM110 - a generator would take twice as long
        if "malformed" in block.get("toolUse", ()):
            return True
    return False


def _answers(message: Any) -> bool:
    return any("toolResult" in block or block.get("text") == _UNREADABLE for block in message["content"])
