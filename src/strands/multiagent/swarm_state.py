"""A swarm as data: where it stands, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .base import NodeResult, Status, no_metrics, no_usage
from .swarm_parts import SharedContext, SwarmState
from .waiting import questions_from_dict, questions_to_dict

if TYPE_CHECKING:
    from .swarm import Swarm
    from .swarm_parts import SwarmNode


def to_dict(swarm: Swarm) -> dict[str, Any]:
    """Return where `swarm` stands, in the layout of session files."""
    state = swarm.state
    going_on = state.current_node is not None and state.completion_status is not Status.COMPLETED
    known = swarm.known()
    context = {
        name: {"activated": not kept["from_hook"], **kept, **swarm.kept_node(name, known.get(name))}
        for name, kept in swarm.interrupts.context.items()
    }
    return {
        "type": "swarm",
        "id": swarm.id,
        "status": state.completion_status.value,
        "node_history": [node.node_id for node in state.node_history],
        "node_results": {name: result.to_dict() for name, result in state.results.items()},
        "next_nodes_to_execute": [str(state.current_node)] if going_on else [],
        "current_task": state.task,
        "accumulated_usage": state.accumulated_usage,
        "accumulated_metrics": state.accumulated_metrics,
        "execution_time": state.execution_time,
        "context": {
            "shared_context": state.shared_context.context,
            "handoff_node": str(state.handoff_node) if state.handoff_node is not None else None,
            "handoff_message": state.handoff_message,
        },
        "_internal_state": {
            "interrupt_state": questions_to_dict(swarm.interrupts, context),
            "running": swarm.kept_nodes(),
            "guards": swarm.guards,
        },
    }


def restore(swarm: Swarm, data: Mapping[str, Any]) -> None:
    """Put `swarm` where `data` says; one that had ended begins anew."""
    swarm._forget()
    upcoming = data.get("next_nodes_to_execute") or []
    status = Status(data.get("status", "pending"))
    has_ended = status is Status.PENDING or (not upcoming and status is not Status.EXECUTING)
    if has_ended and (status is not Status.COMPLETED or not _knows(swarm, data)):
        return
    context = data.get("context") or {}
    handoff = context.get("handoff_node")
    swarm.state = SwarmState(
        current_node=_node(swarm, upcoming[0]) if upcoming else None,
        task=data.get("current_task", ""),
        completion_status=status,
        shared_context=SharedContext(dict(context.get("shared_context") or {})),
        node_history=[_node(swarm, name) for name in data.get("node_history", [])],
        results={name: NodeResult.from_dict(item) for name, item in data.get("node_results", {}).items()},
        accumulated_usage={**no_usage(), **data.get("accumulated_usage", {})},
        accumulated_metrics={**no_metrics(), **data.get("accumulated_metrics", {})},
        execution_time=int(data.get("execution_time", 0)),
        handoff_node=_node(swarm, handoff) if handoff else None,
        handoff_message=context.get("handoff_message"),
    )
    if has_ended:
        return
    internal = data.get("_internal_state") or {}
    _restore_interrupts(swarm, internal.get("interrupt_state") or {})
    swarm.bring_back_nodes(internal.get("running") or {})
    swarm.compare_guards(internal)


def _knows(swarm: Swarm, data: Mapping[str, Any]) -> bool:
    return all(name in swarm.nodes for each in ("node_history", "node_results") for name in data.get(each) or ())


def _restore_interrupts(swarm: Swarm, data: Mapping[str, Any]) -> None:
    swarm.interrupts = state = questions_from_dict(data)
    known = {name: kept for name, kept in state.context.items() if name in swarm.nodes and isinstance(kept, Mapping)}
    state.context = dict(known)  # others note there what they were told, too
    for name, kept in known.items():
        from_hook = not kept.get("activated", False)
        if not from_hook:
            swarm.bring_back_nodes({name: kept})
        ids = kept.get("interrupt_ids") or list(state.interrupts)
        asked_as = dict(kept.get("asked_as") or {})
        state.context[name] = {"from_hook": from_hook, "interrupt_ids": list(ids), "asked_as": asked_as}


def _node(swarm: Swarm, name: str) -> SwarmNode:
    if name not in swarm.nodes:
        raise KeyError(f"swarm {swarm.id!r} has no agent {name!r}; the session was kept for another swarm")
    return swarm.nodes[name]
