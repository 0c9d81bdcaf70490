"""The names that a spec's templates begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.state import State
from strands_cli.kernel.types import Names

if TYPE_CHECKING:
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
