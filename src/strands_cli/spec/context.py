"""context_policy: how long conversations are kept short, and notes kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strands_cli.spec.base import Closed


class Compaction(Closed):
    """Older messages are summarised when a conversation grows too long."""

    enabled: bool = Field(default=True, description="Whether it is done.")
    when_tokens_over: int | None = Field(
        default=None, ge=1, description="Tokens of a conversation above which it is done."
    )
    summary_ratio: float = Field(
        default=0.35, ge=0, le=1, description="Share of the older messages that is summarised, 0 to 1."
    )
    preserve_recent_messages: int = Field(
        default=12, ge=0, description="How many of the last messages stay as they are."
    )
    summarization_model: str | None = Field(
        default=None, description="The model that summarises; left out: the agent's own."
    )


class Notes(Closed):
    """A file in which each step leaves what it did; the last few are shown to the next step."""

    file: str = Field(min_length=1, description="Path of the file.")
    include_last: int = Field(default=12, ge=0, description="How many of the last notes the next step is shown.")
    format: Literal["markdown", "json"] = Field(default="markdown", description="How notes are written.")


class Retrieval(Closed):
    """Tools that look things up in files when they are needed."""

    jit_tools: list[Literal["grep", "head", "tail", "search"]] = Field(
        default_factory=list, description="The tools that agents get for it."
    )
    mcp_servers: list[str] = Field(default_factory=list, description="Ids of mcp servers.")


class ContextPolicy(Closed):
    """What agents keep in mind."""

    compaction: Compaction | None = Field(default=None, description="How long conversations are kept short.")
    notes: Notes | None = Field(default=None, description="A file of what each step did.")
    retrieval: Retrieval | None = Field(default=None, description="Tools that look things up in files.")
