"""inputs: the variables of a workflow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from strands_cli.spec.base import Closed

TypeName = Literal["string", "number", "integer", "boolean", "array", "object"]


class Parameter(Closed):
    """A variable: its type and what it means."""

    type: TypeName = Field(default="string", description="What its values are.")
    description: str | None = Field(default=None, description="What it is for; forms show it.")
    default: Any = Field(default=None, description="Its value where none is given.")
    enum: list[Any] | None = Field(default=None, min_length=1, description="The only values that it may have.")

    @property
    def has_default(self) -> bool:
        """Whether a default is written; null may be one."""
        return "default" in self.model_fields_set


def _from_type(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


Declared = Annotated[Parameter, BeforeValidator(_from_type)]


class Inputs(Closed):
    """The variables that a run needs or may take."""

    required: dict[str, Declared] = Field(default_factory=dict, description="Variables that every run must be given.")
    optional: dict[str, Declared] = Field(default_factory=dict, description="Variables that a run may be given.")
    values: dict[str, Any] = Field(
        default_factory=dict, description="Values of this file; those given at run time win."
    )
