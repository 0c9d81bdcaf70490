"""The names that a spec's templates begin with, and what else a run asks its spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.state import State
from strands_cli.kernel.types import Names

if TYPE_CHECKING:
    from strands_cli.kernel.interrupts import RightsOfCall
    from strands_cli.spec.root import Spec


def default_prompt_of(spec: Spec, agent: str, names: Names) -> str:
    """Return what an agent is told when its step has no input: its own prompt."""
    from strands_cli.loader.template import render

    return render(spec.agents[agent].prompt, names)


def names_of(spec: Spec, state: State, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names that a pattern begins with."""
    from strands_cli.loader.inputs import spec_names

    opened = state.opened.at if state.opened is not None else None
    return {**spec_names(spec, opened), **inputs, "inputs": inputs}


def rights_of_calls(spec: Spec) -> RightsOfCall | None:
    """Return who may answer what is asked about tool calls; None where everybody may."""
    if not any(agent.approvals for agent in spec.agents.values()):
        return None
    from functools import partial

    from strands_cli.api.mended_rights import have_rights, rights_of_call

    return partial(rights_of_call, spec) if have_rights(spec) else None
