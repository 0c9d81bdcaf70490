"""Tools in the words of models: what they are told of one, how they call it, and what it answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from strands.types.pydantic_fields import for_pydantic

if TYPE_CHECKING:
    from strands.types.media import DocumentContent, ImageContent

ToolResultStatus = Literal["success", "error"]
JSONSchema = dict


class _ToolSpecCore(TypedDict):
    name: str
    description: str
    inputSchema: dict[str, Any]


class ToolSpec(_ToolSpecCore, total=False):
    """What a model is told about a tool; `inputSchema` is `{"json": JSON Schema}`."""

    outputSchema: dict[str, Any]
    annotations: dict[str, object]


class Tool(TypedDict):
    """A tool as a provider lists it."""

    toolSpec: ToolSpec


class _ToolUseCore(TypedDict):
    toolUseId: str
    name: str
    input: Any


class ToolUse(_ToolUseCore, total=False):
    """A model's wish to run a tool.

    Attributes:
        reasoningSignature: What its provider wants back with it.
        malformed: Why its input could not be read; it never runs, and `input` is empty.
    """

    reasoningSignature: str
    malformed: str


RunToolHandler = Callable[[ToolUse], AsyncGenerator[dict[str, Any], None]]


class ToolResultContent(TypedDict, total=False):
    """One part of a tool's result; exactly one key is set."""

    document: DocumentContent
    image: ImageContent
    json: Any
    text: str


class ToolResult(TypedDict):
    """What a tool came to."""

    toolUseId: str
    status: ToolResultStatus
    content: list[ToolResultContent]


class _ToolResultBlockData(TypedDict):
    toolResult: ToolResult


@dataclass
class ToolResultBlock:
    """A tool's result, to build a message of.

    Attributes:
        tool_use_id: The call it answers.
        status: Whether the tool did its work.
        content: What it came to.
    """

    tool_use_id: str
    status: ToolResultStatus
    content: list[ToolResultContent]

    def to_dict(self) -> _ToolResultBlockData:
        """Return it as the content block that messages hold."""
        return {"toolResult": {"toolUseId": self.tool_use_id, "status": self.status, "content": self.content}}


class ToolChoiceAuto(TypedDict):
    """The model may call a tool."""


class ToolChoiceAny(TypedDict):
    """The model must call some tool."""


class ToolChoiceTool(TypedDict):
    """The model must call this tool."""

    name: str


ToolChoiceAutoDict = dict[Literal["auto"], ToolChoiceAuto]
ToolChoiceAnyDict = dict[Literal["any"], ToolChoiceAny]
ToolChoiceToolDict = dict[Literal["tool"], ToolChoiceTool]
ToolChoice = ToolChoiceAutoDict | ToolChoiceAnyDict | ToolChoiceToolDict


class ToolConfig(TypedDict):
    """The tools of a model call and how they are to be used."""

    tools: list[Tool]
    toolChoice: ToolChoice


for_pydantic(globals())
