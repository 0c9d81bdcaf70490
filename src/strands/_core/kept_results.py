"""What a tool came to, kept while hooks ask a person about it: the tool does not run again for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from strands._question_ids import has_prefix, result_prefix

from .outcome import kept_error

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.interrupt import Interrupt
    from strands.types.tools import ToolResult, ToolUse


class Ended:
    """How a call ended.

    Args:
        result: What it came to.
        error: What the tool raised, or None.
        cancel: Why it was not run, or None.
        duration: Seconds it took, or None when it was not run.
    """

    __slots__ = ("cancel", "duration", "error", "result")

    def __init__(self, result: ToolResult, error: Exception | None, cancel: str | None, duration: float | None) -> None:
        self.result: ToolResult = result
        self.error: Exception | None = error
        self.cancel: str | None = cancel
        self.duration: float | None = duration


def place_of_result(use: ToolUse, ended: Ended, result: ToolResult) -> dict[str, Any]:
    """Return what it takes to go on after a call: what it was, how it ended, and its result before hooks saw it."""
    return {
        "then": "result",
        "use": dict(use),
        "result": result,
        "error": kept_error(ended.error),
        "cancel": ended.cancel,
        "duration": ended.duration,
    }


def kept_result(agent: Host, tool_use_id: str) -> Mapping[str, Any] | None:
    """Return what `place_of_result` returned for a call, or None."""
    known = agent.turn.interrupts.interrupts
    if not known:
        return None
    prefix = result_prefix(tool_use_id)
    for interrupt in list(known.values()):
        if interrupt.place is not None and has_prefix(interrupt, prefix):
            return interrupt.place
    return None


def asked_about_result(agent: Host, tool_use_id: str) -> bool:
    """Return whether hooks asked about the result of a call."""
    known = agent.turn.interrupts.interrupts
    if not known:
        return False
    prefix = result_prefix(tool_use_id)
    return any(has_prefix(each, prefix) for each in list(known.values()))


def withheld(answered: Iterable[Interrupt]) -> str:
    """Return what the model is told in place of a result when an answer has nobody who can act on it."""
    names = ", ".join(repr(each.name) for each in answered)
    return (
        f"The call was made. The question {names} about its result was answered, and nothing in this process took the "
        "answer: the hook that asked is missing, or no longer asks. The result is withheld."
    )
