"""What the agents of graphs and swarms are told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .base import MultiAgentInput, NodeResult

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack


def node_input(task: MultiAgentInput, results: Mapping[str, NodeResult]) -> Any:
    """Return the prompt of a graph's node: the task, and what the nodes before it came to."""
    if task is None:
        return task
    if not results:
        return [{"text": task}] if isinstance(task, str) else task
    blocks: list[Any] = [{"text": f"Task: {task}"}] if isinstance(task, str) else _with_heading(task)
    blocks.append({"text": "What the nodes before came to:"})
    for name, result in results.items():
        blocks.append({"text": f"{name}:"})
        blocks += [{"text": str(found).strip()} for found in result.get_agent_results()]
    return blocks


def swarm_input(
    task: MultiAgentInput,
    *,
    handoff: str | None,
    before: Sequence[str],
    shared: Mapping[str, Mapping[str, Any]],
    others: Mapping[str, str | None],
) -> Any:
    """Return the prompt of a swarm's agent.

    Args:
        task: What the swarm works on.
        handoff: What the agent before it said, or None.
        before: The agents that worked on it, in order.
        shared: What they noted, by agent.
        others: The other agents and what they are for.
    """
    lines: list[str] = []
    if handoff:
        lines += [f"Handed over to you: {handoff}", ""]
    if isinstance(task, str):
        lines += [f"Task: {task}", ""]
    if before:
        lines += [f"Worked on before by: {' → '.join(before)}", ""]
    if shared:
        lines += ["Their notes:"]
        lines += [f"- {name}: {json.dumps(notes, ensure_ascii=False)}" for name, notes in shared.items()] + [""]
    if others:
        lines += ["Agents you can hand off to with handoff_to_agent:"]
        lines += [f"- {name}" + (f": {purpose}" if purpose else "") for name, purpose in others.items()] + [""]
    lines += ["Hand off only if another agent should go on; if you do not, your answer is the swarm's result."]
    text = {"text": "\n".join(lines)}
    return text["text"] if isinstance(task, str) else [text, *_with_heading(task or [])]


def task_without(task: Any, taken: TakenBack) -> Any:
    """Return a task, or the stand-in for it when a guardrail took back a prompt that had it."""
    if isinstance(task, str):
        return taken.stand_in if taken.holds(task) else task
    return [{"text": taken.stand_in}] if any(taken.holds(block) for block in task or ()) else task


def notes_without(shared: Mapping[str, Mapping[str, Any]], taken: TakenBack) -> dict[str, dict[str, Any]]:
    """Return what agents of a swarm noted, with the stand-in for what stood in a prompt that a guardrail took back."""
    return {name: {key: _note_without(each, taken) for key, each in notes.items()} for name, notes in shared.items()}


def _note_without(note: Any, taken: TakenBack) -> Any:
    is_told = isinstance(note, (str, dict, list)) and taken.holds(json.dumps(note, ensure_ascii=False))
    return taken.stand_in if is_told else note


def _with_heading(task: Sequence[Any], heading: str = "Task:") -> list[Any]:
    return [{"text": heading}, *task]
