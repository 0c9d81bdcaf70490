"""Plans: nodes, edges, and how to put plans together.

A node's id is the journal key of what it stands for. `*` stands for any one part of a key (a number that is known only
at run time): `rounds/*/workers/*`. Visits (`nodes/review#2`) belong to their node (`nodes/review`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from strands_cli.spec import AgentCall, Review, Step
    from strands_cli.spec.orchestrator_workers import Worker

Kind = Literal["agent", "hitl", "tool", "fail", "workflow"]


@dataclass(slots=True, frozen=True)
class Node:
    """What a run does in one go: an agent's call, a question, a call without an agent, another workflow, its failure.

    Attributes:
        id: Its journal key, with `*` for what is known only at run time.
        kind: agent, hitl, tool, fail or workflow.
        label: The agent's id, what is asked, the tool, the reason, or the workflow's file.
        detail: What it is for, what a person sees, or the start of the input.
        group: The key of the part it belongs to ("branches/web"), or "".
        at_least: Calls of the agent (or times the question is asked) in any run.
        at_most: Calls at most, or None when it is not known.
        approvals: Before which of its calls a person is asked, in words.
    """

    id: str
    kind: Kind
    label: str
    detail: str = ""
    group: str = ""
    at_least: int = 1
    at_most: int | None = 1
    approvals: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its own name: of a node, a task, or its part in the pattern; "" for a step that has only a number."""
        named = [part for part in self.id.split("/") if part != "*"]
        return "" if not named or named[-1].isdigit() else named[-1]

    @property
    def said(self) -> str:
        """What it does, with the mark of a question."""
        return f"? {self.label}" if self.kind == "hitl" else self.label

    @property
    def repeated(self) -> str:
        """How often it happens, in words; "" for once."""
        if (self.at_least, self.at_most) == (1, 1):
            return ""
        if self.at_most is None:
            return f"{self.at_least} or more times"
        if self.at_least == self.at_most:
            return f"{self.at_most} times"
        return "perhaps" if self.at_most == 1 else f"{self.at_least} to {self.at_most} times"


@dataclass(slots=True, frozen=True)
class Edge:
    """One node comes after another; `label` says when."""

    source: str
    target: str
    label: str = ""


@dataclass(slots=True, frozen=True)
class Plan:
    """Nodes and edges.

    Attributes:
        nodes: In the order in which they are written in the spec.
        edges: Without duplicates.
        starts: Ids of the nodes with which it starts.
        ends: Ids of the nodes with which it may end.
        choices: Sets of nodes of which a run takes one: for each, the ids of every alternative.
        notes: What holds for the whole run, in words: when else a person is asked.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    choices: tuple[tuple[frozenset[str], ...], ...] = ()
    notes: tuple[str, ...] = ()
    _index: dict[tuple[str, ...], Node] = field(default_factory=dict, repr=False, compare=False)

    def then(self, after: Plan, label: str = "") -> Plan:
        """Return this plan followed by another: its ends lead to the other's starts."""
        if not self.nodes or not after.nodes:
            return self if self.nodes else after
        joints = tuple(Edge(end, start, label) for end in self.ends for start in after.starts)
        edges = tuple(dict.fromkeys(self.edges + joints + after.edges))
        return Plan(self.nodes + after.nodes, edges, self.starts, after.ends, self.choices + after.choices)

    def with_edges(self, *edges: Edge) -> Plan:
        """Return this plan with more edges."""
        return replace(self, edges=tuple(dict.fromkeys(self.edges + edges)), _index={})

    def times(self, at_least: int, at_most: int | None) -> Plan:
        """Return this plan with every node happening this many times as often."""

        def repeat(node: Node) -> Node:
            most = None if at_most is None or node.at_most is None else node.at_most * at_most
            return replace(node, at_least=node.at_least * at_least, at_most=most)

        return replace(self, nodes=tuple(map(repeat, self.nodes)), _index={})

    def below(self, key: str) -> Plan:
        """Return this plan with all its keys below another."""
        nodes = tuple(replace(n, id=f"{key}/{n.id}", group=f"{key}/{n.group}".rstrip("/")) for n in self.nodes)
        edges = tuple(replace(e, source=f"{key}/{e.source}", target=f"{key}/{e.target}") for e in self.edges)
        starts, ends = (tuple(f"{key}/{id}" for id in ids) for ids in (self.starts, self.ends))
        choices = tuple(tuple(frozenset(f"{key}/{id}" for id in ids) for ids in each) for each in self.choices)
        return Plan(nodes, edges, starts, ends, choices, self.notes)

    def node(self, id: str) -> Node:
        """Return the node with this id; raises KeyError."""
        return self._by_parts()[tuple(id.split("/"))]

    def owner(self, key: str) -> Node | None:
        """Return the node that a journal key belongs to, or None."""
        index = self._by_parts()
        parts = tuple(part.partition("#")[0] for part in key.split("/"))
        for length in range(len(parts), 0, -1):
            head = parts[:length]
            if head in index:
                return index[head]
            for pattern, node in index.items():
                if len(pattern) == length and all(a in ("*", b) for a, b in zip(pattern, head, strict=True)):
                    return node
        return None

    @property
    def begins(self) -> tuple[tuple[str, str], ...]:
        """The nodes with which it starts, each with its group's name where several groups start at once."""
        groups = {self.node(id).group for id in self.starts}
        return tuple((id, self.node(id).group.rpartition("/")[2] if len(groups) > 1 else "") for id in self.starts)

    @property
    def questions(self) -> tuple[Node, ...]:
        """Every point at which a person is asked."""
        return tuple(node for node in self.nodes if node.kind == "hitl")

    @property
    def calls(self) -> tuple[int, int | None]:
        """How many agent calls a run makes: at least, and at most (None: not known)."""
        sure, open_ends = Counter[str](), Counter[str]()
        for node in self.nodes:
            if node.kind == "agent":
                sure[node.id], open_ends[node.id] = node.at_least, -1 if node.at_most is None else node.at_most
        least, most = sum(sure.values()), sum(open_ends.values())
        for choice in self.choices:
            least -= sum(_count(sure, each) for each in choice) - min(_count(sure, each) for each in choice)
            most -= sum(_count(open_ends, each) for each in choice) - max(_count(open_ends, each) for each in choice)
        return least, None if -1 in open_ends.values() else most

    def _by_parts(self) -> dict[tuple[str, ...], Node]:
        if not self._index:
            self._index.update({tuple(node.id.split("/")): node for node in self.nodes})
        return self._index


def step_node(
    step: Step | AgentCall | Review | Worker, id: str, *, group: str = "", at_least: int = 1, at_most: int | None = 1
) -> Node:
    """Return the node of a step."""
    from strands_cli.plan.steps import node_of

    return node_of(step, id, group, at_least, at_most)


def one(node: Node) -> Plan:
    """Return a plan of a single node."""
    return Plan((node,), (), (node.id,), (node.id,))


def steps_plan(steps: Sequence[Step], prefix: str, *, group: str = "") -> Plan:
    """Return the plan of steps one after the other, with ids `prefix/0`, `prefix/1` ..."""
    from strands_cli.plan.steps import with_jumps

    whole = Plan()
    for index, step in enumerate(steps):
        whole = whole.then(one(step_node(step, f"{prefix}/{index}", group=group)))
    return with_jumps(whole, steps, prefix)


def beside(*plans: Plan) -> Plan:
    """Return plans that run at the same time, or of which one is chosen, as one plan."""
    some = [plan for plan in plans if plan.nodes]
    return Plan(
        tuple(node for plan in some for node in plan.nodes),
        tuple(dict.fromkeys(edge for plan in some for edge in plan.edges)),
        tuple(start for plan in some for start in plan.starts),
        tuple(end for plan in some for end in plan.ends),
        tuple(choice for plan in some for choice in plan.choices),
    )


def one_of(*plans: Plan) -> Plan:
    """Return plans of which a run takes one as one plan."""
    together = beside(*plans)
    return replace(together, choices=(*together.choices, tuple(frozenset(n.id for n in plan.nodes) for plan in plans)))


def chain(plans: Iterable[Plan]) -> Plan:
    """Return plans one after the other as one plan."""
    whole = Plan()
    for each in plans:
        whole = whole.then(each)
    return whole


def _count(counts: Mapping[str, int], ids: frozenset[str]) -> int:
    return sum(counts.get(id, 0) for id in ids)
