"""What an intervention may decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union


def default_evaluate(response: Any) -> bool:
    """Return whether an answer is a yes: True, "y" or "yes". Anything else is a no."""
    return response is True or (isinstance(response, str) and response.strip().lower() in ("y", "yes"))


@dataclass(frozen=True)
class Proceed:
    """Let it happen."""

    reason: str | None = None
    type: str = "proceed"


@dataclass(frozen=True)
class Deny:
    """Keep it from happening; the model is told the reason."""

    reason: str = ""
    type: str = "deny"


@dataclass(frozen=True)
class Guide:
    """Keep it from happening, and tell the model what to do instead."""

    feedback: str = ""
    reason: str | None = None
    type: str = "guide"


@dataclass(frozen=True)
class Confirm:
    """Ask a person.

    Attributes:
        prompt: What the person is asked.
        response: An answer known already.
        evaluate: Returns whether an answer is a yes; None takes any answer for one.
    """

    prompt: str = ""
    reason: str | None = None
    response: Any = None
    evaluate: Callable[[Any], bool] | None = default_evaluate
    type: str = "confirm"


@dataclass(frozen=True)
class Transform:
    """Change the event."""

    apply: Callable[[Any], None] = lambda event: None
    reason: str | None = None
    type: str = "transform"


Action = Union[Proceed, Deny, Guide, Confirm, Transform]  # noqa: UP007 - also read at run time on 3.10
InterventionAction = Action
"""Another name for `Action`."""
