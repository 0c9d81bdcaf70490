"""The events of a model's stream, in the Bedrock ConverseStream shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from strands._elsewhere import names_of
from strands.types.citations import CitationLocation
from strands.types.content import ContentBlockStart, Role
from strands.types.event_loop import Metrics, StopReason, Usage
from strands.types.pydantic_fields import for_pydantic

__all__ = ["StopReason", "StreamEvent"]


class MessageStartEvent(TypedDict):
    """A message begins."""

    role: Role


class ContentBlockStartEvent(TypedDict, total=False):
    """A block begins; `start` names the tool of a tool use."""

    contentBlockIndex: int | None
    start: ContentBlockStart


class _ToolUseDeltaCore(TypedDict):
    input: str


class ContentBlockDeltaText(TypedDict):
    """A piece of text."""

    text: str


class ContentBlockDeltaToolUse(_ToolUseDeltaCore, total=False):
    """A piece of a tool use's JSON input."""

    toolUseId: str
    name: str


class CitationSourceContentDelta(TypedDict, total=False):
    """A piece of cited text."""

    text: str


class CitationsDelta(TypedDict, total=False):
    """A citation of the text that is being generated."""

    location: CitationLocation
    sourceContent: list[CitationSourceContentDelta]
    title: str


class ReasoningContentBlockDelta(TypedDict, total=False):
    """A piece of reasoning."""

    origin: dict[str, Any]
    redactedContent: bytes | None
    signature: str | None
    text: str | None


class ImageBlockDelta(TypedDict, total=False):
    """A piece of a picture."""

    source: dict[str, Any]


class ContentBlockDelta(TypedDict, total=False):
    """A piece of a block; exactly one key is set."""

    citation: CitationsDelta
    image: ImageBlockDelta
    reasoningContent: ReasoningContentBlockDelta
    text: str
    toolUse: ContentBlockDeltaToolUse


class ContentBlockDeltaEvent(TypedDict, total=False):
    """A block grows."""

    contentBlockIndex: int | None
    delta: ContentBlockDelta


class ContentBlockStopEvent(TypedDict, total=False):
    """A block is complete."""

    contentBlockIndex: int | None


class MessageStopEvent(TypedDict, total=False):
    """The message is complete."""

    additionalModelResponseFields: Any
    stopReason: StopReason


class MetadataEvent(TypedDict, total=False):
    """What the call cost."""

    metrics: Metrics
    trace: Any
    usage: Usage


class ExceptionEvent(TypedDict):
    """The provider reports an error inside the stream."""

    message: str


class ModelStreamErrorEvent(ExceptionEvent):
    """The provider's own model fails inside the stream."""

    originalMessage: str
    originalStatusCode: int


class RedactContentEvent(TypedDict, total=False):
    """A guardrail asks that content be replaced."""

    redactUserContentMessage: str | None
    redactAssistantContentMessage: str | None


class StreamEvent(TypedDict, total=False):
    """One event of a model's stream; exactly one key is set."""

    contentBlockDelta: ContentBlockDeltaEvent
    contentBlockStart: ContentBlockStartEvent
    contentBlockStop: ContentBlockStopEvent
    internalServerException: ExceptionEvent
    messageStart: MessageStartEvent
    messageStop: MessageStopEvent
    metadata: MetadataEvent
    modelStreamErrorException: ModelStreamErrorEvent
    redactContent: RedactContentEvent
    serviceUnavailableException: ExceptionEvent
    throttlingException: ExceptionEvent
    validationException: ExceptionEvent


for_pydantic(globals())

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
