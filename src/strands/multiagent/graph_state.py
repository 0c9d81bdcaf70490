"""A graph as data: where it stands, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .base import NodeResult, Status, no_metrics, no_usage
from .waiting import questions_from_dict, questions_to_dict

if TYPE_CHECKING:
    from .graph import Graph, GraphNode


def to_dict(graph: Graph) -> dict[str, Any]:
    """Return where `graph` stands, in the layout of session files."""
    state = graph.state
    return {
        "type": "graph",
        "id": graph.id,
        "status": state.status.value,
        "completed_nodes": sorted(_names(state.completed_nodes)),
        "failed_nodes": sorted(_names(state.failed_nodes)),
        "interrupted_nodes": sorted(_names(state.interrupted_nodes)),
        "node_results": {name: result.to_dict() for name, result in state.results.items()},
        "next_nodes_to_execute": _next(graph),
        "current_task": state.task,
        "execution_order": _names(state.execution_order),
        "accumulated_usage": state.accumulated_usage,
        "accumulated_metrics": state.accumulated_metrics,
        "execution_count": state.execution_count,
        "execution_time": state.execution_time,
        "_internal_state": {
            "interrupt_state": _interrupts(graph),
            "upcoming": _names(graph.upcoming),
            "batch": _names(graph.batch),
            "denied": _names(graph.denied),
            "running": graph.kept_nodes(),
            "guards": graph.guards,
        },
    }


def restore(graph: Graph, data: Mapping[str, Any]) -> None:
    """Put `graph` where `data` says; one that had ended begins anew."""
    from .graph import GraphState

    graph._forget()
    internal = data.get("_internal_state") or {}
    upcoming, batch = _position(graph, data, internal)
    has_ended = not upcoming and not batch
    if has_ended and (data.get("status") != Status.COMPLETED.value or not _knows(graph, data)):
        return
    failed = set(_nodes(graph, data.get("failed_nodes", [])))
    graph.state = GraphState(
        task=data.get("current_task", ""),
        status=Status(data.get("status", "pending")),
        completed_nodes=set(_nodes(graph, data.get("completed_nodes", []))),
        failed_nodes=failed - set(upcoming),
        interrupted_nodes=set(_nodes(graph, data.get("interrupted_nodes", []))),
        execution_order=_nodes(graph, data.get("execution_order", [])),
        results={name: NodeResult.from_dict(item) for name, item in data.get("node_results", {}).items()},
        accumulated_usage={**no_usage(), **data.get("accumulated_usage", {})},
        accumulated_metrics={**no_metrics(), **data.get("accumulated_metrics", {})},
        execution_count=int(data.get("execution_count", 0)),
        execution_time=int(data.get("execution_time", 0)),
        total_nodes=len(graph.nodes),
        edges=[(edge.from_node, edge.to_node) for edge in graph.edges],
        entry_points=[node for node in graph.nodes.values() if node in graph.entry_points],
    )
    if has_ended:
        return
    graph.upcoming, graph.batch = upcoming, batch
    graph.denied = set(_nodes(graph, internal.get("denied") or []))
    siblings = _restore_interrupts(graph, internal.get("interrupt_state") or {})
    graph.batch = batch or _nodes(graph, siblings)
    graph.bring_back_nodes(internal.get("running") or {})
    graph.compare_guards(internal)


def _position(
    graph: Graph, data: Mapping[str, Any], internal: Mapping[str, Any]
) -> tuple[list[GraphNode], list[GraphNode]]:
    """Return what runs next and what ran last; both are empty when the task has come to its end."""
    batch = _nodes(graph, internal.get("batch") or [])
    if "upcoming" in internal:
        return _nodes(graph, internal["upcoming"]), batch
    upcoming = _nodes(graph, data.get("next_nodes_to_execute") or [])
    if data.get("status") not in (each.value for each in (Status.EXECUTING, Status.INTERRUPTED, Status.FAILED)):
        return [], []
    followed = upcoming and not any(node in batch for node in upcoming)
    return upcoming, [] if followed else batch


def _knows(graph: Graph, data: Mapping[str, Any]) -> bool:
    lists = ("completed_nodes", "failed_nodes", "interrupted_nodes", "execution_order", "node_results")
    return all(name in graph.nodes for each in lists for name in data.get(each) or ())


def _next(graph: Graph) -> list[str]:
    """Return what runs next, for readers of other makes; ours decide that when they go on."""
    if graph.upcoming:
        return _names(graph.upcoming)
    try:
        return _names(graph._followers(graph.batch, {}))
    except Exception:  # a condition that wants what only a call brings along
        return []


def _interrupts(graph: Graph) -> dict[str, Any]:
    known = graph.known()
    context: dict[str, Any] = {}
    for node in graph.nodes.values():
        kept = graph.interrupts.context.get(node.node_id)
        if kept is not None:
            context[node.node_id] = {**kept, **graph.kept_node(node.node_id, known.get(node.node_id))}
    if graph.interrupts.activated:
        waiting = graph.state.interrupted_nodes
        context["completed_nodes"] = _names(node for node in graph.batch if node not in waiting)
    return questions_to_dict(graph.interrupts, context)


def _restore_interrupts(graph: Graph, data: Mapping[str, Any]) -> list[str]:
    """Restore the questions; return the nodes that finished beside those that ask."""
    graph.interrupts = state = questions_from_dict(data)
    siblings = list(state.context.get("completed_nodes") or ())
    known = {name: kept for name, kept in state.context.items() if name in graph.nodes and isinstance(kept, Mapping)}
    state.context = dict(known)  # others note there what they were told, too
    for name, kept in known.items():
        if not kept.get("from_hook", False):
            graph.bring_back_nodes({name: kept})
        ids = list(kept.get("interrupt_ids", []))
        from_hook, asked_as = bool(kept.get("from_hook", False)), dict(kept.get("asked_as") or {})
        state.context[name] = {"from_hook": from_hook, "interrupt_ids": ids, "asked_as": asked_as}
    return siblings


def _names(nodes: Any) -> list[str]:
    return [node.node_id for node in nodes]


def _nodes(graph: Graph, names: Any) -> list[GraphNode]:
    unknown = [name for name in names if name not in graph.nodes]
    if unknown:
        raise KeyError(f"graph {graph.id!r} has no node {unknown[0]!r}; the session was kept for another graph")
    return [graph.nodes[name] for name in names]
