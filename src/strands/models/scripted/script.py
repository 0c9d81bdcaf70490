"""What a scripted model says and what it was asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from strands._tracking import all_bare

if TYPE_CHECKING:
    from strands.types.content import Message, Messages
    from strands.types.tools import ToolChoice, ToolSpec


@dataclass(slots=True)
class ToolCall:
    """A tool use in a scripted reply.

    Attributes:
        name: The tool.
        input: Its arguments.
        id: The tool use id, or None for one made from the conversation: the same in every process.
        raw_input: Text sent in place of `input`, for arguments that are not valid JSON.
    """

    name: str
    input: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    raw_input: str | None = None


@dataclass(slots=True)
class Reply:
    """A scripted reply in full.

    Attributes:
        text: What the model says.
        tool_calls: The tools it uses, all at once.
        reasoning: What it thinks before it speaks.
        usage: Tokens as `{"inputTokens": ..., "outputTokens": ...}`, or None for an estimate.
        delay: Seconds before the first event; `math.inf` hangs for ever.
        chunk_delay: Seconds between pieces of the text.
        stop_reason: Why it stops, or None for "tool_use" with tools and "end_turn" without.
        error: Raised once text and tool calls are out, in place of the end: a stream that breaks off.
    """

    text: str = ""
    tool_calls: Sequence[ToolCall] = ()
    reasoning: str = ""
    usage: Mapping[str, int] | None = None
    delay: float = 0.0
    chunk_delay: float = 0.0
    stop_reason: str | None = None
    error: BaseException | None = None


Scripted: TypeAlias = (
    str | ToolCall | Sequence[ToolCall] | Reply | Mapping[str, Any] | BaseException | type[BaseException]
)
"""One reply of a script: a text, tool calls, a whole `Reply`, a message, or an error to raise."""
Script: TypeAlias = Sequence[Scripted] | Callable[..., Scripted | Awaitable[Scripted]]
"""Replies in their order, or a function that makes each of the conversation."""

_COPIED = 32


class Request:
    """What the model was asked.

    Attributes:
        tool_specs: The tools it was offered.
        system_prompt: Its instructions.
        tool_choice: How it had to choose a tool.
        kwargs: Everything else that came with the request, except the agent, which would live as long as its model.
    """

    __slots__ = ("_count", "_messages", "kwargs", "system_prompt", "tool_choice", "tool_specs")

    def __init__(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self._count = len(messages)
        # A copy of each request's whole history would make memory grow with the square of its length.
        self._messages = messages if self._count > _COPIED else list(messages)
        self.tool_specs: list[ToolSpec] = tool_specs or []
        self.system_prompt: str | None = system_prompt
        self.tool_choice: ToolChoice | None = tool_choice
        self.kwargs: Mapping[str, Any] = _without_agent(kwargs) if kwargs else {}

    @property
    def messages(self) -> Messages:
        """The conversation as it was: of more than 32 messages, as the live list has them now."""
        return all_bare(self._messages[: self._count])

    @property
    def prompt(self) -> str:
        """The text of the newest message."""
        return _text_of(self._messages[self._count - 1]) if self._count else ""

    def __repr__(self) -> str:
        return f"Request(prompt={self.prompt!r}, messages={self._count})"


def _without_agent(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    state = kwargs.get("invocation_state")
    if not state or "agent" not in state:
        return kwargs
    return {**kwargs, "invocation_state": {key: value for key, value in state.items() if key != "agent"}}


def as_reply(step: Any) -> Reply:
    """Return one step of a script in full; an exception is raised.

    Raises:
        TypeError: It is none of the things that a script may hold.
    """
    if isinstance(step, Reply):
        return step
    if isinstance(step, str):
        return Reply(text=step)
    if isinstance(step, ToolCall):
        return Reply(tool_calls=[step])
    if isinstance(step, BaseException) or (isinstance(step, type) and issubclass(step, BaseException)):
        raise step
    if isinstance(step, Mapping):
        return _from_message(step) if "role" in step and "content" in step else Reply(text=json.dumps(step))
    if isinstance(step, Sequence) and step and all(isinstance(item, ToolCall) for item in step):
        return Reply(tool_calls=step)
    raise TypeError(
        f"{step!r} is not a scripted reply: expected a text, ToolCall, list of ToolCall, Reply, exception or dict"
    )


def _from_message(message: Mapping[str, Any]) -> Reply:
    reply, calls = Reply(), []
    for block in message["content"]:
        if "toolUse" in block:
            use = block["toolUse"]
            calls.append(ToolCall(use["name"], use.get("input", {}), id=use.get("toolUseId")))
        elif "reasoningContent" in block:
            reply.reasoning += block["reasoningContent"].get("reasoningText", {}).get("text", "")
        else:
            reply.text += block.get("text", "")
    reply.tool_calls = calls
    return reply


def _text_of(message: Message) -> str:
    return "\n".join(block["text"] for block in message["content"] if "text" in block)
