"""What becomes of a question with time: reminders, escalations, and what counts when nobody has answered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from strands_cli.spec import durations
from strands_cli.spec.base import Closed, Lazy, Names
from strands_cli.types import Json


def seconds_of(value: object) -> object:
    """Return the seconds of a duration that is written with its unit; anything else as it is.

    Raises:
        ValueError: A text is none.
    """
    if not isinstance(value, (str, bool)):
        return value
    found = durations.in_seconds(value)
    if not isinstance(found, float):
        raise ValueError(f"{value!r} is no duration: write seconds, or as 90s, 30m, 4h, 1d, 2w")
    return found


class _WithUnit:
    """Tells editors that a duration may be written with its unit."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": f"^{durations.PATTERN}$"}]}


Duration = Annotated[float, Field(gt=0, le=100 * 365 * 86_400), BeforeValidator(seconds_of), _WithUnit()]
"""Seconds, or a text as 90s, 30m, 4h, 1d, 2w."""


class Escalation(Closed):
    """Who is asked as well, after a time in which nobody has answered."""

    after: Duration = Field(description="How long after the question was asked: seconds, or as 4h, 1d.")
    roles: Names | None = Field(default=None, min_length=1, description="Roles; who has one of them may answer too.")
    users: Names | None = Field(default=None, min_length=1, description="Persons or ids who may answer too.")
    notify: Names | None = Field(default=None, min_length=1, description="Where it is told, as slack:#cfo.")

    @model_validator(mode="after")
    def _does_something(self) -> Escalation:
        if not (self.roles or self.users or self.notify):
            raise ValueError("an escalation names roles, users or notify: whom to ask, or where to tell")
        return self

    def recorded(self) -> dict[str, Json]:
        """Return it as a question records it."""
        ask = {name: list(names) for name in ("roles", "users") if (names := getattr(self, name))}
        return {"after": self.after, "ask": ask, "notify": list(self.notify or ())}


if TYPE_CHECKING:
    Escalations = list[Escalation]
else:
    Escalations = list[Annotated[Any, Lazy("strands_cli.spec.times:Escalation")]]


class Times(Closed):
    """What becomes of a question with time: a step's, an approval's, a budget's."""

    remind: list[Duration] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="When people are reminded, after it was asked: seconds, or as [4h, 1d].",
    )
    escalate: Escalations | None = Field(
        default=None, min_length=1, max_length=20, description="Who is asked as well while nobody has answered."
    )
    on_timeout: Literal["default", "deny", "fail"] | None = Field(
        default=None,
        description="What counts at the deadline: the default; deny: a no; fail: the run fails. "
        "Left out: the default; without one an approval is denied, and anything else fails.",
    )

    @field_validator("remind", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value

    @field_validator("remind")
    @classmethod
    def _finite(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and not all(map(math.isfinite, value)):
            raise ValueError("a duration is a number of seconds")
        return value


def times_of(asking: Times) -> dict[str, Json]:
    """Return what a question is asked with of what becomes of it with time; empty where nothing does."""
    found: dict[str, Json] = {}
    if asking.remind:
        found["remind"] = list(asking.remind)
    if asking.escalate:
        found["escalate"] = [each.recorded() for each in asking.escalate]
    if asking.on_timeout is not None:
        found["on_timeout"] = asking.on_timeout
    return found
