"""Where the nodes of a plan stand in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from strands_cli.plan.model import Plan

if TYPE_CHECKING:
    from strands_cli.kernel.state import State

NodeState = Literal["done", "running", "waiting", "failed"]
_ORDER: tuple[NodeState, ...] = ("done", "running", "waiting", "failed")
"""What a node with several visits shows: the last of these that one of them has."""


def states_of(plan: Plan, state: State) -> dict[str, NodeState]:
    """Return the state of each node that a session has come to.

    Args:
        plan: The plan of the session's workflow.
        state: What is on record of the session.
    """
    found: dict[str, NodeState] = {}
    for key in state.started:
        ended: NodeState = "failed" if key in state.failed else "running"
        _put(found, plan, key, "done" if key in state.done else ended)
    open_ = {entry.key for entry in state.open_questions()}
    for key, asked in state.asked.items():
        closed: NodeState = "failed" if key in state.expired else "done"
        _put(found, plan, state.step(asked.data.get("of") or key), "waiting" if key in open_ else closed)
    return found


def _put(found: dict[str, NodeState], plan: Plan, key: str, now: NodeState) -> None:
    node = plan.owner(key)
    if node is not None:
        found[node.id] = max(found.get(node.id, now), now, key=_ORDER.index)
