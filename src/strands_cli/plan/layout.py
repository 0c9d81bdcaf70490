"""Where the nodes of a plan stand when it is drawn: rows from the start downwards."""

from __future__ import annotations

from collections.abc import Iterable

from strands_cli.plan.model import Edge, Plan


def back_edges(plan: Plan) -> frozenset[Edge]:
    """Return the edges that lead back to where the run has been already."""
    follow: dict[str, list[Edge]] = {node.id: [] for node in plan.nodes}
    for each in plan.edges:
        follow[each.source].append(each)
    done: set[str] = set()
    back: set[Edge] = set()
    for start in (*plan.starts, *follow):
        trail = {start: iter(follow[start])} if start not in done else {}
        while trail:
            current = next(reversed(trail))
            edge: Edge | None = next(trail[current], None)
            if edge is None:
                done.add(current)
                del trail[current]
            elif edge.target in trail:
                back.add(edge)
            elif edge.target not in done:
                trail[edge.target] = iter(follow[edge.target])
    return frozenset(back)


def rows(plan: Plan, back: Iterable[Edge]) -> list[list[str]]:
    """Return the ids of the nodes, row by row; each stands below all that lead to it."""
    skipped = frozenset(back)
    forward = [edge for edge in plan.edges if edge not in skipped]
    waiting = {node.id: 0 for node in plan.nodes}
    follow: dict[str, list[str]] = {node.id: [] for node in plan.nodes}
    for edge in forward:
        waiting[edge.target] += 1
        follow[edge.source].append(edge.target)
    row = dict.fromkeys(waiting, 0)
    ready = [id for id, count in waiting.items() if not count]
    for id in ready:
        for target in follow[id]:
            row[target] = max(row[target], row[id] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    found: list[list[str]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for node in plan.nodes:
        found[row[node.id]].append(node.id)
    return found
