"""Images, documents, video and audio in messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from strands.types.citations import CitationsConfig
from strands.types.pydantic_fields import for_pydantic

DocumentFormat = Literal["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"]
ImageFormat = Literal["png", "jpeg", "gif", "webp"]
VideoFormat = Literal["flv", "mkv", "mov", "mpeg", "mpg", "mp4", "three_gp", "webm", "wmv"]
AudioFormat = Literal[
    "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"
]


class Location(TypedDict):
    """Where a medium lives; `type` says how to read the rest."""

    type: str


class _S3LocationCore(TypedDict):
    uri: str


class S3Location(_S3LocationCore, total=False):
    """A medium in an S3 bucket."""

    type: Literal["s3"]
    bucketOwner: str


SourceLocation = Location | S3Location


class MediaSource(TypedDict, total=False):
    """The bytes of a medium, or where they are; one of the two."""

    bytes: bytes
    location: SourceLocation


DocumentSource = MediaSource
ImageSource = MediaSource
VideoSource = MediaSource
AudioSource = MediaSource


class DocumentContent(TypedDict, total=False):
    """A document in a message."""

    format: DocumentFormat
    name: str
    source: MediaSource
    citations: CitationsConfig | None
    context: str | None


class ImageContent(TypedDict):
    """An image in a message."""

    format: ImageFormat
    source: MediaSource


class VideoContent(TypedDict):
    """A video in a message."""

    format: VideoFormat
    source: MediaSource


class AudioContent(TypedDict):
    """A sound in a message."""

    format: AudioFormat
    source: MediaSource


class _ImageBlockData(TypedDict):
    image: ImageContent


class _AudioBlockData(TypedDict):
    audio: AudioContent


@dataclass
class ImageBlock:
    """An image, to build a message of.

    Attributes:
        format: How it is encoded.
        source: Its bytes, or where they are.
    """

    format: ImageFormat
    source: ImageSource

    def to_dict(self) -> _ImageBlockData:
        """Return it as the content block that messages hold."""
        return {"image": {"format": self.format, "source": self.source}}


@dataclass
class AudioBlock:
    """A sound, to build a message of.

    Attributes:
        format: How it is encoded.
        source: Its bytes, or where they are.
    """

    format: AudioFormat
    source: AudioSource

    def to_dict(self) -> _AudioBlockData:
        """Return it as the content block that messages hold."""
        return {"audio": {"format": self.format, "source": self.source}}


for_pydantic(globals())
