"""Citations: which part of which source a text rests on."""

from __future__ import annotations

from typing import Any, TypedDict


class CitationsConfig(TypedDict):
    """Whether a document may be cited."""

    enabled: bool


class CitationSourceContent(TypedDict, total=False):
    """The cited words."""

    text: str


class CitationGeneratedContent(TypedDict, total=False):
    """The words that rest on a citation."""

    text: str


CitationLocation = dict[str, Any]


class Citation(TypedDict, total=False):
    """One cited place."""

    location: CitationLocation
    sourceContent: list[CitationSourceContent]
    title: str


class CitationsContentBlock(TypedDict, total=False):
    """Generated text together with what it cites."""

    citations: list[Citation]
    content: list[CitationGeneratedContent]
