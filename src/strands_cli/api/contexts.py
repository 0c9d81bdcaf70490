"""What is done of a run that is not: its `execution_context` so far, read from the keys of what is on record."""

from __future__ import annotations

from strands_cli.kernel.state import State
from strands_cli.patterns import pattern
from strands_cli.patterns.step import Done, StepResult
from strands_cli.spec.registry import find_pattern
from strands_cli.types import Json


def so_far(name: str, state: State) -> dict[str, Json]:
    """Return the part of `execution_context` that is done, in the form that the whole one of the pattern has.

    Args:
        name: The pattern's name.
        state: The fold of the session's journal.
    """
    return {} if find_pattern(name) is None else pattern(name).so_far(_done(state))


def _done(state: State) -> Done:
    """Return each finished step, and each answered question of the workflow, by its key, in the order they ended."""
    ended: list[tuple[int, str, StepResult]] = []
    for key, entry in list(state.done.items()):  # a tool looks from a thread
        reply = state.reply(key)
        assert reply is not None
        ended.append((entry.seq, key, StepResult.of(state.started[key].data["agent"], reply)))
    for key, entry in list(state.answered.items()):
        if "of" not in entry.data and not key.startswith("budget/"):
            ended.append((entry.seq, key, StepResult.said(entry.data["value"], bool(entry.data.get("timed_out")))))
    return {key: result.names() for _, key, result in sorted(ended, key=lambda each: each[0])}
