"""What an agent takes and how it may be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypedDict

from strands.types.content import ContentBlock, Message
from strands.types.interrupt import InterruptResponseContent

AgentInput = (
    str
    | Sequence[ContentBlock]
    | Sequence[InterruptResponseContent]
    | Sequence[Message]
    | Sequence[Mapping[str, Any]]  # the same, in dictionaries that nobody annotated
    | None
)


class Limits(TypedDict, total=False):
    """Where an invocation stops by itself.

    Attributes:
        turns: Model calls.
        output_tokens: Tokens generated in this invocation.
        total_tokens: Tokens used in this invocation.
    """

    turns: int
    output_tokens: int
    total_tokens: int


class ConcurrentInvocationMode(str, Enum):
    """What happens when an agent at work is called again."""

    THROW = "throw"
    UNSAFE_REENTRANT = "unsafe_reentrant"
