"""Where a history may be cut, and a summary of what is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from strands._tracking import all_bare
from strands.types.exceptions import ContextWindowOverflowException

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands.types.content import Message

DEFAULT_SUMMARIZATION_PROMPT = """Summarize the conversation so that it can be continued from the summary alone.
List as short bullet points, in the third person: what was asked for, what was decided and why, what the tools returned
that still matters, and what is still to be done. Do not answer the conversation and do not call tools."""

REQUEST = "Please summarize this conversation."


def find_valid_trim_point(messages: list[Message], start_index: int) -> int:
    """Return where a history may begin, at `start_index` or later: with a user message that is not a tool result.

    Returns:
        The index, or the number of messages when there is none.
    """
    for index in range(start_index, len(messages)):
        if messages[index]["role"] == "user" and not _has(messages[index], "toolResult"):
            return index
    return len(messages)


def adjust_split_point_for_tool_pairs(messages: list[Message], split_point: int) -> int:
    """Return where a history may be cut, at `split_point` or later, so that no tool use is parted from its result.

    Raises:
        ContextWindowOverflowException: There is no such place.
    """
    if split_point == len(messages):
        return split_point
    for index in range(split_point, len(messages)):
        if _has(messages[index], "toolResult"):
            continue
        answered = index + 1 < len(messages) and _has(messages[index + 1], "toolResult")
        if answered or not _has(messages[index], "toolUse"):
            return index
    raise ContextWindowOverflowException(
        f"a history of {len(messages)} messages cannot be cut at {split_point} or later without parting a tool use "
        "from its result"
    )


def matches_message_type(message: Message, filter: Literal["tools", "messages", "all"]) -> bool:
    """Return whether a message is about tools ("tools"), about anything else ("messages"), or either ("all")."""
    about_tools = _has(message, "toolUse") or _has(message, "toolResult")
    return filter == "all" or about_tools == (filter == "tools")


async def generate_summary(
    messages_to_summarize: list[Message], model: Model, system_prompt: str | None = None
) -> Message:
    """Have a model summarize messages, without an agent around it.

    Args:
        messages_to_summarize: The messages.
        model: The model.
        system_prompt: Tells it how; else `DEFAULT_SUMMARIZATION_PROMPT`.

    Returns:
        The summary as a message of the user.

    Raises:
        RuntimeError: The model answers without text.
    """
    from strands.event_loop.streaming import process_stream

    request: Message = {"role": "user", "content": [{"text": REQUEST}]}
    stream = model.stream(
        [*all_bare(messages_to_summarize), request], system_prompt=system_prompt or DEFAULT_SUMMARIZATION_PROMPT
    )
    answer: Any = None
    async for event in process_stream(stream):
        if "stop" in event:
            answer = event["stop"][1]
    if answer is None:
        raise RuntimeError("the model that was asked for a summary gave no answer")
    return as_user_summary(answer)


def as_user_summary(message: Message) -> Message:
    """Return a model's answer as a message of the user: its texts alone, as providers accept nothing else there.

    Raises:
        RuntimeError: It has no text.
    """
    pieces: list[Any] = [
        piece for block in message["content"] for piece in block.get("citationsContent", {}).get("content", [block])
    ]
    texts = [piece["text"] for piece in pieces if piece.get("text")]
    if not texts:
        raise RuntimeError("the answer of the model that was asked for a summary has no text")
    return {"role": "user", "content": [{"text": text} for text in texts]}


def _has(message: Message, kind: str) -> bool:
    return any(kind in block for block in message["content"])
