"""env: secrets and mounted directories."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from strands_cli.spec.base import Closed


class Secret(Closed):
    """A value that never reaches journal, log, trace or prompt."""

    name: str | None = Field(
        default=None, description="What ${NAME} in http headers and mcp env refers to; default: key."
    )
    key: str | None = Field(default=None, description="Its name at the source; default: name.")
    source: Literal["env", "file", "secrets_manager", "ssm"] = Field(default="env", description="Where its value is.")
    path: str | None = Field(default=None, description="File, secret id or parameter path.")
    region: str | None = Field(default=None, description="The region of the store that holds it.")

    @model_validator(mode="after")
    def _named(self) -> Secret:
        if not self.name and not self.key:
            raise ValueError("a secret needs a name or a key")
        if self.source == "file" and not self.path:
            raise ValueError("a secret from a file needs its path")
        return self


class Env(Closed):
    """What a run takes from its surroundings."""

    secrets: list[Secret] = Field(
        default_factory=list, description="Values that never stand in the file; ${NAME} stands for one."
    )
    mounts: dict[str, str] = Field(default_factory=dict, description="Name to directory; file tools stay below these.")
