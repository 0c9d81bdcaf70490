"""The workflows that steps of a spec run, as a run needs them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.api.call_layers import layers_of
from strands_cli.api.spec_names import default_prompt_of, names_of
from strands_cli.kernel.budgets import Spending
from strands_cli.kernel.layers import layered
from strands_cli.kernel.types import CallAgent, Within
from strands_cli.spec.within import all_within

if TYPE_CHECKING:
    from strands_cli.api.options import Options
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.state import State
    from strands_cli.resources import AgentResources
    from strands_cli.spec.root import Spec

_NONE: Mapping[str, CallAgent] = {}


def workflows_of(
    spec: Spec,
    state: State,
    run: Run | None = None,
    performs: Mapping[str, CallAgent] = _NONE,
    name: str = "",
    resources: AgentResources | None = None,
) -> dict[str, Within]:
    """Return what steps of a spec run.

    Args:
        spec: The workflow.
        state: What is on record.
        run: The run; None where nothing is called.
        performs: What does the calls of their agents, by how their names begin on record.
        name: How the names of the workflow's own agents begin on record.
        resources: What the agents of the run have; None where nothing is called.
    """
    return {
        path: Within(
            path,
            partial(_inputs, inner),
            partial(_body, inner, state, None if resources is None else resources.below(f"{name}{path}/")),
            partial(default_prompt_of, inner),
            workflows_of(inner, state, run, performs, f"{name}{path}/", resources),
            performs.get(f"{name}{path}/"),
            None if run is None else _budget(inner, run),
            inner.runtime.max_parallel,
        )
        for path, inner in spec.within().items()
    }


def _inputs(spec: Spec, given: Mapping[str, Any]) -> Mapping[str, Any]:
    from strands_cli.loader.inputs import resolve_inputs

    return resolve_inputs(spec, given)


async def _body(spec: Spec, state: State, resources: AgentResources | None, run: Any, inputs: Mapping[str, Any]) -> Any:
    from strands_cli.patterns import pattern

    if spec.memory and resources is not None:
        await resources.memories.begin(run, names_of(spec, state, inputs))
    names = names_of(spec, state, inputs, getattr(run, "below", ""))
    return await pattern(spec.pattern.type).run(spec.pattern.config, run, names)


def _budget(spec: Spec, run: Run) -> Callable[[str], Spending] | None:
    """Return what holds the calls below a key to the budgets of a workflow."""
    budgets = spec.runtime.budgets
    if budgets is None:
        return None

    def begun(below: str) -> Spending:
        from strands_cli.api.limits import limits_of

        spending = run.spending_below[below] = Spending(limits_of(budgets, below), run, below)
        return spending

    return begun


def performing(run: Run, spec: Spec, resources: AgentResources, options: Options) -> dict[str, CallAgent]:
    """Return what does the calls of the agents of workflows that steps run, by how their names begin on record.

    Args:
        run: The run.
        spec: The workflow that is run.
        resources: What its agents have.
        options: What it is given beside.
    """
    from strands_cli.agents import AgentCaller

    found = {}
    for name, way in all_within(spec):
        own = resources.below(name)
        around = [*options.layers, *layers_of(way), *own.layers()]
        found[name] = layered(run, run.limited(AgentCaller(way[-1], own, options.hooks, name)), around)
    return found


async def equip(
    spec: Spec, outer: AgentResources, given: Callable[..., AgentResources], models: Callable[..., Awaitable[Any]]
) -> None:
    """Give the agents of workflows that steps run what they have, within what the guardrails around them forbid.

    Args:
        spec: The workflow around them.
        outer: What its agents have.
        given: Makes what agents have.
        models: Returns the models of a workflow's agents.
    """
    from strands_cli.resources.guardrails import within

    for path, own in spec.within().items():
        inner = within(spec, own)
        name = f"{outer.prefix}{path}/"
        await equip(inner, given(inner, await models(own, name=name), around=outer, name=path), given, models)
