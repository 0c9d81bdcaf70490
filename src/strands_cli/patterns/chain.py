"""chain: steps one after another, each seeing what came before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.patterns.step import answered, last_agent, offering, step, text
from strands_cli.plan.model import Plan, steps_plan

if TYPE_CHECKING:
    from strands_cli.spec.chain import ChainConfig
    from strands_cli.spec.steps import Step


async def run(config: ChainConfig, run: Run, names: Names) -> Outcome:
    """Run the steps; the last response is the outcome."""
    names = await steps(config.steps, run, names)
    return Outcome(
        response=text(names["last_response"]),
        context={"steps": names["steps"]},
        names=offering(names, total_steps=len(names["steps"])),
        agent=last_agent(names["steps"]),
    )


async def steps(config: Sequence[Step], run: Run, names: Names, prefix: str = "steps") -> dict[str, Any]:
    """Run `config` in order under `prefix` and return the names in scope after the last step."""
    scope: dict[str, Any] = {**names, "steps": []}
    for index, one in enumerate(config):
        result = await step(run, one, scope, f"{prefix}/{index}")
        scope = answered(scope, result)
        scope["steps"].append(result.names(index=index))
    return scope


def plan(config: ChainConfig) -> Plan:
    """Return the steps as nodes."""
    return steps_plan(config.steps, "steps")
