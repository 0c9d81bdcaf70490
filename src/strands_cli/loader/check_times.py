"""What becomes of a question with time: nothing comes after its deadline, and what counts there is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strands_cli.loader.finding import Finding
from strands_cli.loader.walk import Path
from strands_cli.spec.times import seconds_of

_NO = ("reject", "rejected", "deny", "denied", "no", "stop")


def check_times(
    path: Path, asking: Mapping[str, Any], choices: Sequence[str], *, has_default: bool
) -> Iterator[Finding]:
    """Yield what is wrong with the times of a question.

    Args:
        path: Where it stands.
        asking: The step, the approval, the budgets.
        choices: What can be answered, where that is limited.
        has_default: There is a default, written or not.
    """
    timeout = asking.get("timeout_seconds")
    deadline = 0.0 if timeout is None else _seconds(timeout)  # None: a template, of which nothing is known yet
    for where, after in _times(path, asking):
        if deadline and after >= deadline:
            yield Finding(
                where, f"it comes after {after:g} s, and the deadline after {deadline:g} s", "Make it earlier."
            )
    then = asking.get("on_timeout")
    if then is not None and deadline == 0:
        yield Finding((*path, "on_timeout"), "there is no deadline", "Add timeout_seconds.")
    elif then == "default" and not has_default:
        yield Finding((*path, "on_timeout"), "there is no default", "Add default.")
    elif then == "deny" and not any(choice.casefold() in _NO for choice in choices):
        hint = f"Add choices, one of them a no: {', '.join(_NO[:1] + _NO[2:3] + _NO[4:])}; or write default."
        yield Finding((*path, "on_timeout"), "it is not known which answer denies it", hint)


def _times(path: Path, asking: Mapping[str, Any]) -> Iterator[tuple[Path, float]]:
    remind = asking.get("remind")
    for index, each in enumerate(remind if isinstance(remind, list) else [] if remind is None else [remind]):
        after = _seconds(each)
        if after is not None:
            yield (*path, "remind", index) if isinstance(remind, list) else (*path, "remind"), after
    escalate = asking.get("escalate")
    for index, step in enumerate(escalate if isinstance(escalate, list) else []):
        after = _seconds(step.get("after")) if isinstance(step, Mapping) else None
        if after is not None:
            yield (*path, "escalate", index, "after"), after


def _seconds(value: object) -> float | None:
    """Return a duration in seconds; None for what is none, which the schema says."""
    try:
        found = seconds_of(value)
    except ValueError:
        return None
    return float(found) if isinstance(found, (int, float)) else None
