"""Which nodes of a graph or swarm wait for which answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands._core.messages import is_answers
from strands.interrupt import Interrupt

if TYPE_CHECKING:
    from strands.interrupt import InterruptState

    from .base import MultiAgentInput

_OURS = "v1:"


def take_answers(state: InterruptState, task: MultiAgentInput, named: str) -> list[Interrupt]:
    """Take the answers that a caller brings; None asks again what is open.

    Args:
        state: The questions.
        task: What the caller brings.
        named: What error messages call the graph or swarm.

    Returns:
        The questions that had no answer before.

    Raises:
        TypeError: There are open questions, and `task` is something else.
        KeyError: An answer names no open question.
        ValueError: A question has another answer already, or gets two that differ.
    """
    if is_answers(task):
        return state.answer(task)
    if task is None or not state.pending:
        return []
    raise TypeError(
        f"{named} waits for answers to interrupts, so it takes a list of {{'interruptResponse': {{'interruptId', "
        "'response'}} blocks, or None to ask them again; abandon_interrupts() gives them up, reset() begins anew"
    )


def told_apart(state: InterruptState, node_id: str, interrupts: list[Interrupt]) -> list[Interrupt]:
    """Return what is asked inside a node under ids that no other node's questions have.

    Agents may use one tool use id twice, and nested graphs one node id, so an id of ours is followed by "@" and the
    node's id, one for each level. Another id stays as it is, unless some other node asks under it.
    """
    context = state.context.get(node_id) or {}
    suffix = "@" + node_id.replace("%", "%25").replace("@", "%40")
    found = []
    for each in interrupts:
        taken = each.id in state.interrupts and each.id not in context.get("interrupt_ids", ())
        is_ours = each.id.startswith(_OURS)
        outer = Interrupt.from_dict({key: value for key, value in each.to_dict().items() if key != "carried"})
        outer.id = each.id + suffix if is_ours or taken else each.id
        found.append(outer)
    return found


def wait(state: InterruptState, node_id: str, interrupts: list[Interrupt], inside: list[Interrupt] | None) -> None:
    """Note that a node waits.

    Args:
        state: The questions.
        node_id: The node.
        interrupts: What it asks.
        inside: The same as it was asked inside the node; None when a hook asks before it.
    """
    state.activated = True
    for interrupt in interrupts:
        state.interrupts[interrupt.id] = interrupt
    context: dict[str, Any] = {"from_hook": inside is None, "interrupt_ids": [each.id for each in interrupts]}
    if inside is not None:
        context["asked_as"] = {outer.id: inner.id for outer, inner in zip(interrupts, inside, strict=True)}
    state.context[node_id] = context


def answers(state: InterruptState, node_id: str) -> list[Any]:
    """Return what was answered to a node's questions, as blocks of a prompt."""
    context = state.context.get(node_id) or {}
    asked_as = context.get("asked_as", {})
    found = (state.interrupts.get(id) for id in context.get("interrupt_ids", ()))
    return [
        {"interruptResponse": {"interruptId": asked_as.get(each.id, each.id), "response": each.response}}
        for each in found
        if each is not None and each.answered
    ]


def asked_by_hooks(state: InterruptState, node_id: str) -> set[str]:
    """Return the names of the questions that hooks asked last before a node, answered or not."""
    context = state.context.get(node_id) or {}
    ids = context.get("interrupt_ids", ()) if context.get("from_hook") else ()
    return {state.interrupts[id].name for id in ids if id in state.interrupts}
