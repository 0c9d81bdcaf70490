"""Who may answer questions about tool calls, and open questions of a session whose spec was mended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from strands_cli.api.spec_names import rules_of
from strands_cli.kernel.standing import in_force
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.kernel.within import BELOW
from strands_cli.spec.asking import rights_of
from strands_cli.spec.within import agent_of
from strands_cli.types import RIGHTS, Json

if TYPE_CHECKING:
    from strands_cli.spec.agents import Approval
    from strands_cli.spec.root import Spec

    _Levels: TypeAlias = Sequence[tuple[str, Sequence[Approval]]]


def rights_of_call(
    levels: Sequence[tuple[str, Sequence[Approval]]], calls: Sequence[tuple[str, Any]], kind: str
) -> dict[str, Json]:
    """Return who may answer what is asked about tool calls: who may approve the first that is not for everybody.

    Args:
        levels: The rules that the calls fall under; see `rules_of`.
        calls: The tools' names and arguments.
        kind: What asks; a quorum counts only the choices that an approval has too.
    """
    from strands_cli.approvals import rule_of

    for tool, arguments, (agent, rules) in ((*call, level) for call in calls for level in levels):
        rule = rule_of(rules, agent, tool, arguments)
        found = {} if rule is None else rights_of(rule)
        if found:
            return {name: found[name] for name in found if name != "quorum" or kind in ("approval", "ambiguous_tool")}
    return {}


def mended_rights(
    state: State, spec: Spec, asking: Mapping[str, dict[str, Json]], acts: Mapping[str, Any]
) -> dict[str, dict[str, Json]]:
    """Return who may answer, by the spec that a session goes on with, each open question where that is changed.

    Args:
        state: The session.
        spec: What it goes on with.
        asking: The pattern's own open questions to who may answer them by that spec.
        acts: The steps without an agent that are in the middle of their call, by their keys.
    """
    found = {}
    for asked in state.open_questions():
        rights = asking.get(asked.key) if asked.key in asking else _rights(state, spec, asked, acts)
        now = in_force(state, asked)
        if rights is not None and rights != {name: now[name] for name in RIGHTS if name in now}:
            found[asked.key] = rights
    return found


def _rights(state: State, spec: Spec, asked: Entry, acts: Mapping[str, Any]) -> dict[str, Json] | None:
    kind, data = asked.data.get("type", "hitl"), asked.data
    if kind == "budget":
        budgets = _whose(state, spec, asked).runtime.budgets
        return {} if budgets is None else rights_of(budgets)
    if "interrupt" not in data:
        return None
    act = acts.get(state.step(data["of"])) if "of" in data else None
    if act is None and agent_of(spec, data["agent"]).agent is None:
        return None  # the workflow does not come to its step any more: it stays with whom it was asked
    reason = data["interrupt"].get("reason")
    told = [(reason["tool"], reason.get("input"))] if isinstance(reason, Mapping) and "tool" in reason else []
    calls = [tuple(each) for each in data.get("calls", told)]
    found = rights_of_call(_levels(rules_of(spec, data["agent"], act), data["interrupt"]), calls, kind)
    if data["interrupt"].get("name", "").startswith("approval_arguments"):
        found.pop("quorum", None)
    return found


def _levels(levels: _Levels, interrupt: Mapping[str, Any]) -> _Levels:
    """Return the rules that a question comes from: each workflow around a call asks for itself, by its own rules."""
    if not interrupt.get("gate"):
        return levels
    outer = re.search(r"_outer(\d+)", interrupt.get("name", ""))
    at = len(levels) - 1 - (int(outer[1]) if outer else 0)
    return levels[at : at + 1] if at >= 0 else levels


def _whose(state: State, spec: Spec, asked: Entry) -> Spec:
    """Return the workflow whose budget a question is about: that of a step has the step's key before its own."""
    depth, begun = asked.key.count(f"/{BELOW}/"), state.started.get(asked.data.get("step", ""))
    if not depth or begun is None:
        return spec
    way = agent_of(spec, begun.data["agent"]).way
    return way[min(depth, len(way) - 1)]
