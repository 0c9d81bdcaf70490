"""The patterns: small coroutines that ask a `Run` for effects by name. One file each, with `run` and `plan`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import Names, Outcome
    from strands_cli.plan.model import Plan


class Pattern(Protocol):
    """What a pattern's module offers."""

    run: Callable[[Any, Run, Names], Awaitable[Outcome]]
    plan: Callable[[Any], Plan]


def pattern(type_: str) -> Pattern:
    """Return the module of the pattern `type_`, one of `strands_cli.spec.PATTERNS`."""
    return cast(Pattern, import_module(f"{__name__}.{type_}"))
