"""The names that a spec's templates begin with, and what else a run asks its spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.state import State
from strands_cli.kernel.types import Names
from strands_cli.spec.within import agent_of

if TYPE_CHECKING:
    from strands_cli.kernel.interrupts import RightsOfCalls
    from strands_cli.spec.agents import Approval
    from strands_cli.spec.root import Spec


def default_prompt_of(spec: Spec, agent: str, names: Names) -> str:
    """Return what an agent is told when its step has no input: its own prompt."""
    from strands_cli.loader.template import render

    return render(spec.agents[agent].prompt, names)


def names_of(spec: Spec, state: State, inputs: Mapping[str, Any], below: str = "") -> dict[str, Any]:
    """Return the names that a pattern begins with.

    Args:
        spec: The workflow.
        state: What is on record, what its memories held when it began, too.
        inputs: Its variables.
        below: What its keys begin with on record.
    """
    from strands_cli.loader.inputs import spec_names
    from strands_cli.loader.names import CONTEXT, context_names

    opened = state.opened.at if state.opened is not None else None
    names = spec_names(spec, opened)
    names[CONTEXT] = context_names(spec.pattern.type)
    names = {**names, **inputs, "inputs": _Inputs(inputs)}
    if spec.memory:
        from strands_cli.loader.data import as_data

        held = {name: state.noted.get(f"{below}memory/{name}") or {} for name in spec.memory}
        names["memory"] = {name: as_data({**each.defaults, **held[name]}) for name, each in spec.memory.items()}
    return names


class _Inputs(dict[str, Any]):
    """The variables of a run, which templates also find as `inputs.values`, unless one is called so."""

    def __missing__(self, name: str) -> Any:
        if name == "values":
            return dict(self)
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self or name == "values" else default


def rules_of(spec: Spec, agent: str, act: Any = None) -> list[tuple[str, Sequence[Approval]]]:
    """Return the rules that tool calls fall under: those of who calls, then those of the file.

    Of a workflow that a step runs, those of what is around it come before: they hold beside its own.

    Args:
        spec: The workflow.
        agent: The agent that calls, as it is on record.
        act: The step that calls, where it needs no agent.

    Returns:
        What the rules call who calls, and the rules, of each workflow on the way to it.
    """
    way, name, known = agent_of(spec, agent)
    own = vars(act).get("approvals") or () if act is not None else () if known is None else known.approvals
    return [*((agent, each.approvals) for each in way[:-1]), (name, [*own, *way[-1].approvals])]


def rights_of_calls(spec: Spec, agent: str, act: Any = None) -> RightsOfCalls | None:
    """Return who may answer what is asked about somebody's tool calls; None where everybody may.

    Args:
        spec: The workflow.
        agent: The agent that calls, as it is on record.
        act: The step that calls, where it needs no agent.
    """
    levels = rules_of(spec, agent, act)
    if not any(rules for _, rules in levels):
        return None
    from functools import partial

    from strands_cli.api.mended_rights import rights_of_call
    from strands_cli.spec.asking import rights_of

    some = any(rights_of(rule) for _, rules in levels for rule in rules)
    return partial(rights_of_call, levels) if some else None
