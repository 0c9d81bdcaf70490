"""Which nodes of a graph or swarm wait for which answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._core.messages import is_answers
from strands.interrupt import Interrupt, InterruptState

if TYPE_CHECKING:
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


def questions_to_dict(state: InterruptState, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the questions as JSON-able data, under the ids that they have inside their nodes where these are unique.

    So the Strands Agents SDK reads them, which knows no others.

    Args:
        state: The questions.
        context: Node id to what is kept of a node that waits, and whatever else the SDK reads there.
    """
    inner = {outer: id for each in state.context.values() for outer, id in each.get("asked_as", {}).items()}
    if not inner:
        return {**state.to_dict(), "context": context}
    told = Counter([*state.interrupts, *inner.values()])
    short = {outer: id for outer, id in inner.items() if outer in state.interrupts and told[id] == 1}
    data = state.to_dict()
    for part in ("interrupts", "bindings"):
        data[part] = {short.get(id, id): each for id, each in data[part].items()}
    for id in short.values():
        data["interrupts"][id]["id"] = id
    return {**data, "context": {name: _under(short, kept) for name, kept in context.items()}}


def questions_from_dict(data: Mapping[str, Any]) -> InterruptState:
    """Return the questions that `questions_to_dict`, or the Strands Agents SDK, gave away, with their context."""
    state = InterruptState.from_dict(data)
    nodes = [kept for kept in state.context.values() if isinstance(kept, Mapping)]
    told = Counter(id for kept in nodes for id in kept.get("interrupt_ids", ()))
    asked_as = [pair for kept in nodes for pair in kept.get("asked_as", {}).items()]
    long = {id: outer for outer, id in asked_as if outer not in state.interrupts and told[id] == 1}
    state.context = {name: _under(long, kept) for name, kept in state.context.items()}
    for each in state.interrupts.values():
        each.id = long.get(each.id, each.id)
    state.interrupts = {each.id: each for each in state.interrupts.values()}
    return state


def _under(ids: Mapping[str, str], kept: Any) -> Any:
    """Return what is kept of a node with other ids for its questions."""
    if not isinstance(kept, Mapping) or "interrupt_ids" not in kept:
        return kept
    return {**kept, "interrupt_ids": [ids.get(id, id) for id in kept["interrupt_ids"]]}


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
