"""From what a caller gives to messages, and a history made fit to go on with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from strands.tools.results import error_result
from strands.types.content import ContentBlock

if TYPE_CHECKING:
    from strands.types.content import Message, Messages
    from strands.types.tool_use import ToolResult, ToolUse

UNANSWERED = "Tool was interrupted."
CANCELLED = "Tool execution cancelled"
AMBIGUOUS_RESULT = "This call was started and did not come to an end; it may or may not have happened."
_BLOCKS = frozenset(ContentBlock.__annotations__)


def to_messages(prompt: Any) -> Messages:
    """Return a prompt as messages; none for None.

    Raises:
        ValueError: It is not text, a list of content blocks, a list of messages or None.
    """
    if prompt is None or prompt == []:
        return []
    if isinstance(prompt, str):
        return [{"role": "user", "content": [{"text": prompt}]}]
    if isinstance(prompt, (Mapping, bytes)) or not isinstance(prompt, Sequence):
        raise ValueError(f"prompt {prompt!r} must be text, a list of content blocks, a list of messages or None")
    if is_answers(prompt):
        raise ValueError(
            "the prompt answers interrupts, but this agent waits for none; use the agent that asked, or give it the "
            "session manager with the session in which it was asked"
        )
    if all(isinstance(item, Mapping) and "role" in item and "content" in item for item in prompt):
        for item in prompt:
            check_message(item)
        return [cast("Message", item) for item in prompt]
    blocks = [_block(item) for item in prompt]
    return [cast("Message", {"role": "user", "content": blocks})]


def check_message(message: Any) -> None:
    """Check that a message that a caller made is one.

    Raises:
        ValueError: Its role or its content is not.
    """
    if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant"):
        raise ValueError(
            f"message {message!r} must have the role 'user' or 'assistant'; instructions are the system_prompt"
        )
    if isinstance(message.get("content"), str) or not isinstance(message.get("content"), Sequence):
        raise ValueError(f"the content of message {message!r} must be a list of blocks: [{{'text': ...}}]")


def is_answers(prompt: Any) -> bool:
    """Return whether a prompt has blocks that answer interrupts."""
    return isinstance(prompt, list) and any(
        isinstance(item, Mapping) and "interruptResponse" in item for item in prompt
    )


def tool_uses(message: Message) -> list[ToolUse]:
    """Return the tool uses of a message in order."""
    return [block["toolUse"] for block in message["content"] if "toolUse" in block]


def open_tool_use(messages: Messages) -> Message | None:
    """Return the message that the history ends with when its tools were not answered, else None."""
    if messages and messages[-1]["role"] == "assistant" and tool_uses(messages[-1]):
        return messages[-1]
    return None


def result_message(message: Message, results: Mapping[str, ToolResult], missing: str = UNANSWERED) -> Message:
    """Return the answers to a message's tool uses in the order it asked; `missing` stands for those without one."""
    found = [results.get(use["toolUseId"]) or error_result(use["toolUseId"], missing) for use in tool_uses(message)]
    return {"role": "user", "content": [{"toolResult": result} for result in found]}


def with_ambiguous(results: Mapping[str, ToolResult], started: Iterable[str]) -> dict[str, ToolResult]:
    """Return the results of a message's tools, with what the model is told of those that were started besides."""
    return {**{id: error_result(id, AMBIGUOUS_RESULT) for id in started}, **results}


def _block(item: Any) -> Any:
    if not isinstance(item, Mapping) and hasattr(item, "to_dict"):
        item = item.to_dict()
    if isinstance(item, Mapping) and not _BLOCKS.isdisjoint(item):
        return item
    raise ValueError(f"prompt item {item!r} is not a content block such as {{'text': ...}}")


def copied(value: Any) -> Any:
    """Return a copy of plain data; anything else stays what it is."""
    if isinstance(value, dict):
        return {key: each if type(each) is str else copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [each if type(each) is str else copied(each) for each in value]
    return value
