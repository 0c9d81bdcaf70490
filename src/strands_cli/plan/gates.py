"""Where a person may be asked beside the questions that are drawn: before tool calls, and at a budget's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands_cli.spec import Spec


def gates(spec: Spec) -> list[str]:
    """Return one line for each condition under which a run stops for a person outside its steps."""
    found = []
    for name, agent in spec.agents.items():
        for rule in agent.approvals or ():
            when = f", when {rule.when}" if rule.when else ""
            found.append(f"before {name} calls {', '.join(rule.tools)}{when}")
    budgets = spec.runtime.budgets
    if budgets is not None and budgets.on_exceed == "ask":
        found.append("when a budget is used up")
    return found
