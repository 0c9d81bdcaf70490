"""outputs: the files written at the end."""

from __future__ import annotations

from pydantic import Field

from strands_cli.spec.base import Closed


class Artifact(Closed):
    """A file: where, and what is in it. Both are templates."""

    path: str = Field(min_length=1, description="Template of the file's path.")
    from_: str = Field(alias="from", description="Template of what is written into it.")


class Outputs(Closed):
    """The files written when the run is completed."""

    artifacts: list[Artifact] = Field(default_factory=list, description="The files to write.")
    to: str | None = Field(
        default=None,
        min_length=1,
        description="Where they go unless --out says otherwise: a directory, or s3://BUCKET/PREFIX.",
    )
