"""Citations: which part of which source a text rests on."""

from __future__ import annotations

from typing import Literal, TypedDict

from strands.types.pydantic_fields import for_pydantic


class CitationsConfig(TypedDict):
    """Whether a document may be cited."""

    enabled: bool


class CitationSourceContent(TypedDict, total=False):
    """The cited words."""

    text: str


class CitationGeneratedContent(TypedDict, total=False):
    """The words that rest on a citation."""

    text: str


class DocumentCharLocation(TypedDict, total=False):
    """Characters of a document, from `start` to before `end`."""

    documentIndex: int
    start: int
    end: int


class DocumentPageLocation(TypedDict, total=False):
    """Pages of a document."""

    documentIndex: int
    start: int
    end: int


class DocumentChunkLocation(TypedDict, total=False):
    """Chunks of a document that was given in chunks."""

    documentIndex: int
    start: int
    end: int


class SearchResultLocation(TypedDict, total=False):
    """A part of a search result."""

    searchResultIndex: int
    start: int
    end: int


class WebLocation(TypedDict, total=False):
    """A page of the web."""

    url: str
    domain: str


DocumentCharLocationDict = dict[Literal["documentChar"], DocumentCharLocation]
DocumentPageLocationDict = dict[Literal["documentPage"], DocumentPageLocation]
DocumentChunkLocationDict = dict[Literal["documentChunk"], DocumentChunkLocation]
SearchResultLocationDict = dict[Literal["searchResultLocation"], SearchResultLocation]
WebLocationDict = dict[Literal["web"], WebLocation]
CitationLocation = (
    DocumentCharLocationDict
    | DocumentPageLocationDict
    | DocumentChunkLocationDict
    | SearchResultLocationDict
    | WebLocationDict
)


class Citation(TypedDict, total=False):
    """One cited place."""

    location: CitationLocation
    sourceContent: list[CitationSourceContent]
    title: str


class CitationsContentBlock(TypedDict, total=False):
    """Generated text together with what it cites."""

    citations: list[Citation]
    content: list[CitationGeneratedContent]


for_pydantic(globals())
