"""A step that is on record, and a workflow that may have been mended since."""

from __future__ import annotations

from collections.abc import Callable

from strands_cli.errors import ExecutionError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry


def is_mended(state: State, begun: Entry, agent: str, prompt: str, scrub: Callable[[str], str] | None) -> bool:
    """Whether a step that has not finished is begun again with what a mended spec says.

    Args:
        state: What is on record.
        begun: Its beginning.
        agent: The agent that the spec calls now.
        prompt: What it is told.
        scrub: Takes out of a prompt what the journal does not get.

    Raises:
        ExecutionError: The step is on record otherwise, and the workflow was not mended.
    """
    recorded = begun.data["prompt"] if scrub is None else scrub(begun.data["prompt"])
    same_agent = begun.data["agent"] == agent
    if same_agent and "redacted" in begun.data and "mended" not in state.origin:
        return False  # the spec still says what a guardrail took back
    if same_agent and recorded == prompt:
        return False
    if begun.key in state.done and begun.key in state.origin.get("accepted", ()):
        return False
    if "mended" in state.origin and begun.key not in state.done:
        return True
    raise ExecutionError(
        f"{begun.key!r} is on record for agent {begun.data['agent']!r} with another prompt",
        hint="The workflow differs from the one that was started: resume with the original, or start anew.",
    )
