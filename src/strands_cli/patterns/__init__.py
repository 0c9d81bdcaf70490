"""The patterns: small coroutines that ask a `Run` for effects by name. One file each: `run`, `plan`, `so_far`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from strands_cli.spec.registry import pattern_code

if TYPE_CHECKING:
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import Names, Outcome
    from strands_cli.patterns.step import Context, Done
    from strands_cli.plan.model import Plan


class PatternCode(Protocol):
    """What a pattern's module offers."""

    run: Callable[[Any, Run, Names], Awaitable[Outcome]]
    plan: Callable[[Any], Plan]
    so_far: Callable[[Done], Context]


def pattern(type_: str) -> PatternCode:
    """Return the module of a pattern; raises as `strands_cli.spec.registry.pattern_record`."""
    return cast(PatternCode, pattern_code(type_))
