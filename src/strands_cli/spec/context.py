"""context_policy: how long conversations are kept short, and notes kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strands_cli.spec.base import Closed


class Compaction(Closed):
    """Older messages are summarised when a conversation grows too long."""

    enabled: bool = True
    when_tokens_over: int | None = Field(default=None, ge=1)
    summary_ratio: float = Field(default=0.35, ge=0, le=1)
    preserve_recent_messages: int = Field(default=12, ge=0)
    summarization_model: str | None = None


class Notes(Closed):
    """A file in which each step leaves what it did; the last few are shown to the next step."""

    file: str = Field(min_length=1)
    include_last: int = Field(default=12, ge=0)
    format: Literal["markdown", "json"] = "markdown"


class Retrieval(Closed):
    """Tools that look things up in files when they are needed."""

    jit_tools: list[Literal["grep", "head", "tail", "search"]] = Field(default_factory=list)
    mcp_servers: list[str] = Field(default_factory=list, description="Ids of mcp servers.")


class ContextPolicy(Closed):
    """What agents keep in mind."""

    compaction: Compaction | None = None
    notes: Notes | None = None
    retrieval: Retrieval | None = None
