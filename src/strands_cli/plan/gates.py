"""Where a person may be asked beside the questions that are drawn: before tool calls, and at a budget's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from strands_cli.loader.parts import parts
from strands_cli.plan.model import Node, Plan
from strands_cli.spec.roles import TOOL

if TYPE_CHECKING:
    from strands_cli.spec import Spec
    from strands_cli.spec.agents import Approval


def gates(spec: Spec) -> list[str]:
    """Return one line for each condition under which a run stops for a person outside its steps."""
    found = []
    for name, agent in spec.agents.items():
        found += [f"before {name} calls {called}" for called in _called(agent.approvals)]
    for part in parts(spec.plain()):
        called = [str(id) for _, id in part.marked(TOOL)] or ["http_request"]
        for rule in part.value.get("approvals") or ():
            when = f", when {rule['when']}" if rule.get("when") else ""
            found.append(f"before {'/'.join(map(str, part.path[2:]))} calls {called[0]}{when}")
    found += _of_the_run(spec)
    for path, inner in spec.within().items() if spec.workflows else ():
        found += [f"{gate}, in {path}" for gate in gates(inner)]
    return found


def with_gates(plan: Plan, spec: Spec) -> Plan:
    """Return a spec's plan with what is asked before its agents' and steps' calls at their nodes, the rest as notes."""

    def gated(node: Node) -> Node:
        agent = spec.agents.get(node.label) if node.kind == "agent" else None
        asked = tuple(f"before {called}" for called in _called(agent.approvals)) if agent else node.approvals
        return replace(node, approvals=asked)

    return replace(plan, nodes=tuple(map(gated, plan.nodes)), notes=tuple(_of_the_run(spec)), _index={})


def _of_the_run(spec: Spec) -> list[str]:
    found = [f"before any call of {called}" for called in _called(spec.approvals)]
    budgets = spec.runtime.budgets
    if budgets is not None and budgets.on_exceed == "ask":
        found.append("when a budget is used up")
    return found


def _called(rules: Sequence[Approval]) -> list[str]:
    return [f"{', '.join(rule.tools)}{f', when {rule.when}' if rule.when else ''}" for rule in rules]
