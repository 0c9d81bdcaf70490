"""Messages and what they are made of, in the Bedrock Converse shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from strands._elsewhere import names_of
from strands.types.pydantic_fields import for_pydantic

if TYPE_CHECKING:
    from strands.types.citations import CitationsContentBlock
    from strands.types.event_loop import Metrics, Usage
    from strands.types.media import AudioContent, DocumentContent, ImageContent, VideoContent
    from strands.types.tool_use import ToolResult, ToolUse

Role = Literal["user", "assistant"]


class _GuardContentTextCore(TypedDict):
    text: str


class GuardContentText(_GuardContentTextCore, total=False):
    """Text for a guardrail to judge."""

    qualifiers: list[Literal["grounding_source", "query", "guard_content"]]


class GuardContent(TypedDict):
    """Content for a guardrail to judge."""

    text: GuardContentText


class ReasoningTextBlock(TypedDict, total=False):
    """What a model thought, and the provider's proof that it did."""

    signature: str | None
    text: str


class ReasoningContentBlock(TypedDict, total=False):
    """A model's reasoning, readable or redacted.

    `origin` is what its provider wants back with it: the model, and the field or the item that it came as.
    """

    reasoningText: ReasoningTextBlock
    redactedContent: bytes
    origin: dict[str, Any]


class _CachePointCore(TypedDict):
    type: str


class CachePoint(_CachePointCore, total=False):
    """Everything before this point may be cached by the provider."""

    ttl: str


class ContentBlock(TypedDict, total=False):
    """One part of a message; exactly one key is set."""

    audio: AudioContent
    cachePoint: CachePoint
    citationsContent: CitationsContentBlock
    document: DocumentContent
    guardContent: GuardContent
    image: ImageContent
    reasoningContent: ReasoningContentBlock
    text: str
    toolResult: ToolResult
    toolUse: ToolUse
    video: VideoContent


class SystemContentBlock(TypedDict, total=False):
    """One part of a system prompt."""

    cachePoint: CachePoint
    text: str


class DeltaContent(TypedDict, total=False):
    """What a streamed piece adds to a block."""

    text: str
    toolUse: dict[Literal["input"], str]


class _ContentBlockStartToolUseCore(TypedDict):
    name: str
    toolUseId: str


class ContentBlockStartToolUse(_ContentBlockStartToolUseCore, total=False):
    """Which tool a streamed block is going to call."""

    reasoningSignature: str


class ContentBlockStartImage(TypedDict):
    """The format of a picture whose bytes follow."""

    format: str


class ContentBlockStart(TypedDict, total=False):
    """How a streamed block begins."""

    image: ContentBlockStartImage
    toolUse: ContentBlockStartToolUse | None


class ContentBlockDelta(TypedDict):
    """How a streamed block grows."""

    contentBlockIndex: int
    delta: DeltaContent


class ContentBlockStop(TypedDict):
    """A streamed block is complete."""

    contentBlockIndex: int


class MessageMetadata(TypedDict, total=False):
    """What is known about a message beside its content; never sent to a model."""

    usage: Usage
    metrics: Metrics
    custom: dict[str, Any]


class _MessageCore(TypedDict):
    role: Role
    content: list[ContentBlock]


class Message(_MessageCore, total=False):
    """One message of a conversation."""

    tracking_id: str
    metadata: MessageMetadata


Messages = list[Message]


@dataclass
class TextBlock:
    """A text, to build a message of.

    Attributes:
        text: The text.
    """

    text: str

    def to_dict(self) -> ContentBlock:
        """Return it as the content block that messages hold."""
        return {"text": self.text}


def get_message_metadata(message: Message) -> MessageMetadata:
    """Return what is known about a message beside its content; empty when nothing is."""
    return message.get("metadata") or {}


SystemPrompt = str | list[SystemContentBlock] | None


def split_system_prompt(system_prompt: SystemPrompt) -> tuple[str | None, list[SystemContentBlock] | None]:
    """Return a system prompt as text and as content blocks; both None when there is none.

    Raises:
        ValueError: It is neither a text nor a list of blocks.
    """
    if system_prompt is None:
        return None, None
    if isinstance(system_prompt, str):
        return system_prompt, [{"text": system_prompt}]
    if not isinstance(system_prompt, list):
        raise ValueError(f"system_prompt {system_prompt!r} must be a text or a list of content blocks")
    texts = [block["text"] for block in system_prompt if "text" in block]
    return ("\n".join(texts) if texts else None), system_prompt


for_pydantic(globals())

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
