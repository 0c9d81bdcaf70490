"""Agents of the workflows that steps run: on record they are called by the workflow, too: `review.yaml/writer`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from strands_cli.spec.asking import step_rules

if TYPE_CHECKING:
    from strands_cli.spec.agents import AgentSpec
    from strands_cli.spec.root import Spec


class AgentPlace(NamedTuple):
    """Where an agent stands.

    Attributes:
        way: The workflows that it stands in, the outermost first.
        name: What its own workflow calls it.
        agent: What it is; None where there is none, or none is needed: `tool:NAME`.
    """

    way: list[Spec]
    name: str
    agent: AgentSpec | None


def agent_of(spec: Spec, name: str) -> AgentPlace:
    """Return where an agent stands.

    Args:
        spec: The workflow that is run.
        name: The agent, as it is on record.
    """
    for path, inner in spec.within().items() if spec.workflows and name not in spec.agents else ():
        if name.startswith(f"{path}/"):
            found = agent_of(inner, name.removeprefix(f"{path}/"))
            if found.agent is not None or found.name.startswith(_OTHERS):
                return found._replace(way=[spec, *found.way])
    return AgentPlace([spec], name, spec.agents.get(name))


_OTHERS = ("tool:", "workflow:")


def all_within(spec: Spec) -> Iterator[tuple[str, list[Spec]]]:
    """Yield the workflows that steps run, at any depth: how their agents' names begin on record, and the way there.

    The way begins with `spec` and ends with the workflow.
    """
    for path, inner in spec.within().items():
        yield f"{path}/", [spec, inner]
        for below, way in all_within(inner):
            yield f"{path}/{below}", [spec, *way]


def plain_agents(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield the agents of a spec as plain values: what they are called on record, what they are, their spec."""
    for name, agent in (spec.get("agents") or {}).items():
        yield name, agent, spec
    for path, inner in (spec.get("workflows") or {}).items():
        for name, agent, whole in plain_agents(inner):
            yield f"{path}/{name}", agent, whole


def plain_rules(spec: Mapping[str, Any], name: str) -> list[Any]:
    """Return the approvals that somebody's calls may fall under, of a spec as plain values.

    Args:
        spec: The workflow that is run.
        name: Who calls, as on record: an agent, or `tool:NAME`.
    """
    own = (spec.get("agents") or {}).get(name) or {}
    of_steps = () if own else step_rules(spec["pattern"].get("config"), name)
    found = [*(own.get("approvals") or ()), *of_steps, *(spec.get("approvals") or ())]
    for path, inner in (spec.get("workflows") or {}).items():
        if name.startswith(f"{path}/"):
            found += plain_rules(inner, name.removeprefix(f"{path}/"))
    return found
