"""What may be said of any step: when it is done at all, and where the run goes from there."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from strands_cli.spec.base import Closed, Seconds, SecondsOrNone
from strands_cli.spec.roles import Expression, Template

END = "end"
"""The target that is no step: there a chain, route, branch or graph ends."""


OnFailure: TypeAlias = Annotated[
    Literal["fail", "continue"],
    Field(description="When one of its steps fails or is rejected: the run does, or the others go on (continue)."),
]


class GoTo(Closed):
    """Where to go on."""

    to: str | int = Field(description="In a graph a node; in a list of steps the number of an earlier one; or end.")


def as_condition(value: object) -> object:
    """Return a condition as text, also where YAML read it as true or false."""
    return str(value).lower() if isinstance(value, bool) else value


def _is_place(value: object) -> str:
    return "<word>" if isinstance(value, str) else "<goto>"


Condition = Annotated[Expression, BeforeValidator(as_condition)]
_Place = Annotated[GoTo, Tag("<goto>")]
OnError: TypeAlias = Annotated[Annotated[Literal["fail", "continue"], Tag("<word>")] | _Place, Discriminator(_is_place)]
OnReject: TypeAlias = Annotated[
    Annotated[Literal["continue", "stop"], Tag("<word>")] | _Place, Discriminator(_is_place)
]


def _is_template(value: object) -> str:
    return "<template>" if isinstance(value, str) and "{{" in value else "<value>"


def _is_list(value: object) -> str:
    return "<text>" if isinstance(value, str) else "<list>"


Timeout: TypeAlias = Annotated[
    Annotated[SecondsOrNone, Tag("<value>")] | Annotated[Template, Tag("<template>")], Discriminator(_is_template)
]
"""A time, or a template of one."""
CallTimeout: TypeAlias = Annotated[
    Annotated[Seconds, Tag("<value>")] | Annotated[Template, Tag("<template>")], Discriminator(_is_template)
]
Choices: TypeAlias = Annotated[
    Annotated[list[Template], Field(min_length=1), Tag("<list>")] | Annotated[Template, Tag("<text>")],
    Discriminator(_is_list),
]
"""The answers that are allowed, or a template of a list of them."""


class Flow(Closed):
    """What steps in lists, tasks, nodes and the steps that bring results together have in common."""

    when: Condition | None = Field(
        default=None, description="An expression; where it does not hold the step is skipped. Without one: always done."
    )
    on_error: OnError = Field(
        default="fail", description="When it fails: the run fails, or goes on (continue), or goes on elsewhere (to)."
    )
