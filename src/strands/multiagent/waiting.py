"""Which nodes of a graph or swarm wait for which answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.agent.prompt import is_answers

if TYPE_CHECKING:
    from strands.interrupt import Interrupt, InterruptState

    from .base import MultiAgentInput


def take_answers(state: InterruptState, task: MultiAgentInput) -> None:
    """Take the answers that a caller brings; None asks again what is open.

    Raises:
        TypeError: There are open questions, and `task` is something else.
        KeyError: An answer names no open question.
    """
    if task is not None and (state.pending or is_answers(task)):
        state.answer(task)


def wait(state: InterruptState, node_id: str, interrupts: list[Interrupt], *, from_hook: bool) -> None:
    """Note that a node waits; a hook asked, or something inside the node."""
    state.activated = True
    for interrupt in interrupts:
        state.interrupts[interrupt.id] = interrupt
    ids = [interrupt.id for interrupt in interrupts]
    state.context[node_id] = {"from_hook": from_hook, "interrupt_ids": ids}


def answers(state: InterruptState, node_id: str) -> list[Any]:
    """Return what was answered to a node's questions, as blocks of a prompt."""
    found = (state.interrupts.get(id) for id in state.context[node_id]["interrupt_ids"])
    return [
        {"interruptResponse": {"interruptId": each.id, "response": each.response}}
        for each in found
        if each is not None and each.answered
    ]
