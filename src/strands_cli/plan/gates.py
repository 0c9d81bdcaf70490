"""Where a person may be asked beside the questions that are drawn: before tool calls, and at a budget's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.loader.parts import parts
from strands_cli.spec.roles import TOOL

if TYPE_CHECKING:
    from strands_cli.spec import Spec


def gates(spec: Spec) -> list[str]:
    """Return one line for each condition under which a run stops for a person outside its steps."""
    found = []
    for name, agent in spec.agents.items():
        for rule in agent.approvals or ():
            when = f", when {rule.when}" if rule.when else ""
            found.append(f"before {name} calls {', '.join(rule.tools)}{when}")
    for part in parts(spec.plain()):
        called = [str(id) for _, id in part.marked(TOOL)] or ["http_request"]
        for rule in part.value.get("approvals") or ():
            when = f", when {rule['when']}" if rule.get("when") else ""
            found.append(f"before {'/'.join(map(str, part.path[2:]))} calls {called[0]}{when}")
    for each in spec.approvals:
        found.append(f"before any call of {', '.join(each.tools)}{f', when {each.when}' if each.when else ''}")
    for path, inner in spec.within().items() if spec.workflows else ():
        found += [f"{gate}, in {path}" for gate in gates(inner)]
    budgets = spec.runtime.budgets
    if budgets is not None and budgets.on_exceed == "ask":
        found.append("when a budget is used up")
    return found
