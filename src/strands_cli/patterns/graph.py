"""graph: nodes, and edges that may depend on what was answered; a node may be visited again."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError, TemplateError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.loader.names import own_first
from strands_cli.loader.template import evaluate, is_else
from strands_cli.patterns.nodes import Nodes, unvisited
from strands_cli.patterns.step import (
    Context,
    Done,
    answered,
    final_response,
    last_agent,
    offering,
    text,
    visit,
)
from strands_cli.patterns.step_flow import step
from strands_cli.plan.model import Edge, Plan, step_node
from strands_cli.plan.steps import inner_plan, jumps, with_inner
from strands_cli.spec.flow import END

if TYPE_CHECKING:
    from strands_cli.spec.graph import GraphConfig, GraphEdge


_VISIT = re.compile(r"nodes/(?P<id>[^#/]+)(?:#(?P<number>\d+))?")


async def run(config: GraphConfig, run: Run, names: Names) -> Outcome:
    """Go from node to node, beginning with the first, until one has no edge; its response is the outcome."""
    edges = {edge.from_: edge for edge in config.edges}
    visits: Counter[str] = Counter()
    path: list[str] = []
    results: list[dict[str, Any]] = []
    nodes = Nodes({id_: unvisited(node) for id_, node in config.nodes.items()})
    scope: dict[str, Any] = {**names, "nodes": nodes}
    following: str | None = next(iter(config.nodes))
    while following is not None:
        id_ = following
        visits[id_] += 1
        if visits[id_] > config.max_iterations:
            raise _too_often(id_, config.max_iterations)
        scope = offering(scope, current_node=id_, iteration=visits[id_])
        result = await step(run, config.nodes[id_], scope, visit(f"nodes/{id_}", visits[id_]))
        path.append(id_)
        nodes = Nodes({**nodes, id_: result.names(iteration=visits[id_], step=len(path))})
        scope = offering({**answered(scope, result), "nodes": nodes}, execution_path=list(path), total_steps=len(path))
        results.append(nodes[id_])
        following = _target(config, result.to if result.to is not None else _next(edges.get(id_), scope))
    context = {"nodes": nodes, "execution_path": path, "terminal_node": id_, "total_steps": len(path)}
    response = final_response(zip(map(config.nodes.__getitem__, path), results, strict=True))
    scope = offering({**scope, "last_response": response}, terminal_node=id_)
    return Outcome(text(response), context, scope, last_agent(results))


def _target(config: GraphConfig, to: str | int | None) -> str | None:
    """Return the node that a target means, or None where it is the end."""
    return None if to is None or (to == END and END not in config.nodes) else str(to)


def _next(edge: GraphEdge | None, names: Names) -> str | None:
    """Return the node to go on with, or None where the graph ends: there is no edge, or no condition holds."""
    if edge is None:
        return None
    if edge.to:
        return edge.to[0]
    for choice in edge.choose or ():
        try:
            if evaluate(choice.when, own_first(names)):
                return choice.to
        except TemplateError as error:
            cause = f"the condition {choice.when!r} of node {edge.from_!r} cannot be decided: {error.message}"
            raise ExecutionError(cause, hint=error.hint) from error
    return None


def _too_often(id_: str, limit: int) -> ExecutionError:
    return ExecutionError(
        f"node {id_!r} would be visited more than {limit} times (max_iterations)",
        hint="Raise max_iterations, or add a condition by which the loop ends.",
    )


def plan(config: GraphConfig) -> Plan:
    """Return the nodes, and an edge for each way to go on."""
    ways = [(edge.from_, to, "") for edge in config.edges for to in edge.to or ()]
    ways += [(edge.from_, choice.to, choice.when) for edge in config.edges for choice in edge.choose or ()]
    ways += [(id_, str(to), why) for id_, node in config.nodes.items() for why, to in jumps(node)]
    ends = {source for source, target, _ in ways if _target(config, target) is None}
    ways = [way for way in ways if _target(config, way[1]) is not None]
    first = next(iter(config.nodes))
    nodes = tuple(
        step_node(
            node, f"nodes/{id_}", at_least=int(id_ == first), at_most=config.max_iterations if _loops(id_, ways) else 1
        )
        for id_, node in config.nodes.items()
    )
    edges = (Edge(f"nodes/{source}", f"nodes/{target}", when.strip("{} ")) for source, target, when in ways)
    left = {edge.from_ for edge in config.edges if edge.to or any(is_else(one.when) for one in edge.choose or ())}
    last = tuple(f"nodes/{id_}" for id_ in config.nodes if id_ not in left or id_ in ends)
    whole = Plan(nodes, tuple(dict.fromkeys(edges)), (f"nodes/{first}",), last)
    return with_inner(whole, *(inner_plan(node, f"nodes/{id_}") for id_, node in config.nodes.items()))


def _loops(id_: str, ways: list[tuple[str, str, str]]) -> bool:
    """Whether a node can be reached from itself."""
    targets: dict[str, list[str]] = {}
    for source, target, _ in ways:
        targets.setdefault(source, []).append(target)
    seen: set[str] = set()
    reached = list(targets.get(id_, ()))
    while reached:
        one = reached.pop()
        if one not in seen:
            seen.add(one)
            reached += targets.get(one, ())
    return id_ in seen


def so_far(done: Done) -> Context:
    """Return the nodes that were visited, and the way so far."""
    nodes: Context = {}
    path: list[str] = []
    for key, shown in done.items():
        match = _VISIT.fullmatch(key)
        if match:
            path.append(match["id"])
            nodes[match["id"]] = {"iteration": int(match["number"] or 1), "step": len(path), **shown}
    return {"nodes": nodes, "execution_path": path, "total_steps": len(path)}
